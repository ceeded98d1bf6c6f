"use strict";

// The page speaks only to the server that it came from, and keeps the token in its field.
const at = (id) => document.getElementById(id);

function make(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

function tell(problem) {
  at("problem").textContent = problem;
  at("problem").hidden = !problem;
}

async function ask(path, options = {}) {
  const headers = { ...options.headers };
  const token = at("token").value.trim();
  if (token) headers.Authorization = `Bearer ${token}`;
  const answer = await fetch(path, { ...options, headers });
  const text = await answer.text();
  let body = null;
  try {
    body = JSON.parse(text);
  } catch {
    throw new Error(`the server answered ${answer.status} without JSON`);
  }
  return { ok: answer.ok, status: answer.status, text, body };
}

async function get(path) {
  const answer = await ask(path);
  if (!answer.ok) throw new Error(answer.body.error ?? `status ${answer.status}`);
  return answer.body;
}

// ---- What there is to choose from ----

let models = [];
let columns = [];

async function loadModels() {
  models = [];
  for (let after = ""; ; ) {
    const page = (await get(`/v1/models?after=${encodeURIComponent(after)}`)).models;
    if (!page.length) break;
    models.push(...page);
    after = page.at(-1).name;
  }
  at("model").replaceChildren(...models.map((m) => make("option", { value: m.name }, m.name)));
  if (!models.length) throw new Error("this server has no model yet: bascule create, bascule push, bascule tag");
  await loadTags();
}

async function loadTags() {
  const model = models.find((m) => m.name === at("model").value);
  const tags = Object.keys(model.tags).sort((a, b) => (b === "production") - (a === "production") || a.localeCompare(b));
  at("tag").replaceChildren(...tags.map((t) => make("option", { value: t }, `${t} (${model.tags[t].version})`)));
  if (!tags.length) throw new Error(`no version of ${model.name} is tagged: bascule tag ${model.name}:production v1`);
  await loadColumns();
}

async function loadColumns() {
  const tag = encodeURIComponent(at("tag").value);
  const document_ = await get(`/v1/models/${at("model").value}/openapi.json?tag=${tag}`);
  const row = document_.components.schemas.Row;
  columns = Object.entries(row.properties).map(([name, schema]) => {
    const types = [schema.type ?? "list"].flat();
    return {
      name,
      schema,
      type: types[0],
      nullable: types.includes("null"),
      optional: !row.required.includes(name),
    };
  });
  at("columns").replaceChildren(...columns.map(field));
  at("version").textContent = `${document_.info.version}, ${document_.info.description}`;
  at("sides").hidden = false;
}

function field(column) {
  column.input = input(column);
  column.why = make("p", { className: "why" });
  const about = [
    column.type === "list" ? "list of numbers" : column.type === "array" ? "list of texts" : column.type,
    column.optional ? "may be left out" : column.nullable ? "may be missing" : "",
    column.schema.description ?? "",
  ];
  column.box = make(
    "div",
    { className: "column" },
    make("label", {}, column.name, " ", make("span", {}, about.filter(Boolean).join(", ")), column.input),
    ...choices(column),
    column.why,
  );
  return column.box;
}

function input(column) {
  if (column.type === "boolean") {
    const options = ["", "true", "false"].map((v) => make("option", { value: v }, v || "missing"));
    return make("select", {}, ...options);
  }
  const element = make("input", { type: "text", autocomplete: "off", spellcheck: false });
  if (column.type === "number" || column.type === "integer") element.inputMode = "decimal";
  if (column.type === "list") element.placeholder = "[0.5, 1, ...] or {\"indices\": [7], \"values\": [1]}";
  if (column.type === "array") element.placeholder = "[\"a\", \"b\"]";
  return element;
}

// The values that the column had, to choose from or not.
function choices(column) {
  const values = column.schema.examples ?? [];
  if (!values.length) return [];
  const id = `of ${column.name}`;
  column.input.setAttribute("list", id);
  return [make("datalist", { id }, ...values.map((value) => make("option", { value })))];
}

// ---- Scoring ----

// The cell as JSON, exactly as it was typed: a number keeps its digits. An empty field is a missing
// value, and not there at all where the column may be left out.
function cell(column) {
  const text = column.input.value.trim();
  if (text === "") return column.optional ? null : "null";
  if (column.type === "string") return JSON.stringify(column.input.value);
  try {
    JSON.parse(text);
    return text;
  } catch {
    return JSON.stringify(text); // the server says what is wrong with it
  }
}

async function score(event) {
  event.preventDefault();
  const cells = columns
    .map((column) => [column, cell(column)])
    .filter(([, value]) => value !== null)
    .map(([column, value]) => `    ${JSON.stringify(column.name)}: ${value}`);
  const body = `{\n  "row": {\n${cells.join(",\n")}\n  }\n}`;
  at("request").textContent = body;
  at("score").replaceChildren();
  const button = event.target.querySelector("button");
  button.disabled = true;
  try {
    const tag = encodeURIComponent(at("tag").value);
    const path = `/v1/models/${at("model").value}/score?tag=${tag}`;
    const answer = await ask(path, { method: "POST", body, headers: { "Content-Type": "application/json" } });
    tell("");
    show(answer);
  } catch (error) {
    tell(error.message);
  } finally {
    button.disabled = false;
  }
}

function show(answer) {
  at("response").textContent = JSON.stringify(answer.body, null, 2);
  const row = answer.body.rows?.[0] ?? answer.body;
  const problems = row.errors ?? (row.error?.code ? [row.error] : []);
  for (const column of columns) {
    const problem = problems.find((each) => each.column === column.name);
    column.box.classList.toggle("bad", Boolean(problem));
    column.why.textContent = problem?.message ?? "";
  }
  if (row.score !== undefined) {
    at("score").append(String(row.score));
    if (row.action) at("score").append(" ", make("small", {}, row.action));
  } else if (row.outputs) {
    at("score").append(...Object.entries(row.outputs).map(([k, v]) => make("div", {}, `${v} `, make("small", {}, k))));
  }
  if (!answer.ok) tell(typeof answer.body.error === "string" ? answer.body.error : `status ${answer.status}`);
}

function guarded(load) {
  return () => {
    tell("");
    at("sides").hidden = true;
    load().catch((error) => tell(error.message));
  };
}

at("token").addEventListener("change", guarded(loadModels));
at("model").addEventListener("change", guarded(loadTags));
at("tag").addEventListener("change", guarded(loadColumns));
at("choice").addEventListener("submit", (event) => event.preventDefault());
at("row").addEventListener("submit", score);
guarded(loadModels)();
