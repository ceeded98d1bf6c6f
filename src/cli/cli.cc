#include "cli/cli.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <cstdlib>
#include <iostream>

#include "cli/command.h"
#include "cli/model_commands.h"
#include "cli/promotion_commands.h"
#include "cli/row_commands.h"
#include "cli/settings.h"
#include "cli/token_commands.h"

namespace bascule::cli {
namespace {

std::string environment(const char* name, const char* fallback) {
  const char* value = std::getenv(name);
  return value == nullptr || *value == '\0' ? fallback : value;
}

// What a parsed command line will do.
using Action = std::function<Result<int>(const Session&)>;

// Builds the commands; each sets `action` when it is the one that was typed.
class Commands {
 public:
  Commands(CLI::App& app, Common& common, Action& action)
      : app_(app), common_(common), action_(action) {}

  void add_all() {
    add_models();
    add_versions();
    add_tags();
    add_rows();
    add_promotion();
    add_tokens();
    add_files();
  }

 private:
  // A command that talks to a server. `Options` lives as long as the program parses and runs.
  CLI::App* add(const char* name, const char* what, Action action) {
    return add_to(app_, name, what, std::move(action));
  }
  CLI::App* add_to(CLI::App& parent, const char* name, const char* what, Action action) {
    CLI::App* command = parent.add_subcommand(name, what);
    command->add_flag("--json", common_.json, "print the server's JSON, for programs");
    command->callback([this, action = std::move(action)] { action_ = action; });
    return command;
  }
  CLI::App* add_change(const char* name, const char* what, Action action) {
    CLI::App* command = add(name, what, std::move(action));
    command->add_flag("--dry-run", common_.dry_run, "say what would change, change nothing");
    return command;
  }
  template <typename Options>
  std::shared_ptr<Options> options() {
    return std::make_shared<Options>();
  }

  void add_models() {
    auto create_options = options<CreateOptions>();
    CLI::App* create_command =
        add_change("create", "Create an application: a model's name with its owner and kind",
                   [create_options](const Session& s) { return create(s, *create_options); });
    create_command->add_option("model", create_options->model, "<team>/<model>")->required();
    create_command
        ->add_option("--kind", create_options->kind,
                     "yes/no, classes, number, ranking, anomaly or transformation")
        ->required();
    create_command->add_option("--owner", create_options->owner, "the team that is asked")
        ->required();
    create_command->add_option("--label-window", create_options->label_window,
                               "how late labels come, e.g. 60d");
    create_command->add_option("--policy", create_options->policy_file, "a JSON file");
    create_command->add_option("--segments", create_options->segments, "names, separated by commas")
        ->delimiter(',');
    create_command->add_option("--key-column", create_options->key_column,
                               "the column that is the key");
    create_command->add_option("--entity-column", create_options->entity_column, "... the entity");
    create_command->add_option("--amount-column", create_options->amount_column, "... the amount");
    create_command->add_option("--time-column", create_options->time_column, "... the time");
    create_command->add_flag("--ignore-extra-columns", create_options->ignore_extra_columns,
                             "score rows with columns that no live version knows");

    auto model = options<std::string>();
    add("list", "Models, or the versions of one", [model](const Session& s) {
      return list(s, *model);
    })->add_option("model", *model, "<team>/<model>");

    auto policy_options = options<std::pair<std::string, std::string>>();
    CLI::App* policy_command = add_change(
        "policy", "Show a model's policy, or replace it", [policy_options](const Session& s) {
          return policy(s, policy_options->first, policy_options->second);
        });
    policy_command->add_option("model", policy_options->first)->required();
    policy_command->add_option("file", policy_options->second, "a JSON file");
  }

  void add_versions() {
    auto names = options<std::pair<std::string, std::string>>();
    CLI::App* push_command =
        add_change("push", "Push a package: it becomes a version",
                   [names](const Session& s) { return push(s, names->first, names->second); });
    push_command->add_option("file", names->first, "*.bascule")->required();
    push_command->add_option("model", names->second, "<team>/<model>; else the package's own");

    auto reference = options<std::string>();
    add("show", "One version: fraud/charge, fraud/charge@v7, fraud/charge:production@~1",
        [reference](const Session& s) { return show(s, *reference); })
        ->add_option("reference", *reference)
        ->required();

    auto pair = options<std::pair<std::string, std::string>>();
    CLI::App* diff_command =
        add("diff", "What is different between two versions",
            [pair](const Session& s) { return diff(s, pair->first, pair->second); });
    diff_command->add_option("left", pair->first)->required();
    diff_command->add_option("right", pair->second)->required();
  }

  void add_tags() {
    auto tag_options = options<TagOptions>();
    CLI::App* tag_command =
        add_change("tag", "Point a tag at a version: bascule tag fraud/charge:candidate/x v2",
                   [tag_options](const Session& s) { return tag(s, *tag_options); });
    tag_command->add_option("reference", tag_options->reference, "<team>/<model>:<tag>")
        ->required();
    tag_command->add_option("version", tag_options->version, "v7, or a digest");
    tag_command->add_flag("--delete", tag_options->remove, "let it point at nothing");
    tag_command->add_flag("--force", tag_options->force, "move production without a promotion");
    tag_command->add_option("--reason", tag_options->reason, "kept in the history");
    tag_command->parse_complete_callback([tag_options] {
      if (tag_options->remove != tag_options->version.empty()) {
        throw CLI::ValidationError("tag", "give a version, or --delete");
      }
    });

    auto reference = options<std::string>();
    add("history", "Who moved which tag, when and why",
        [reference](const Session& s) { return history(s, *reference); })
        ->add_option("model", *reference, "<team>/<model>[:<tag>]")
        ->required();
  }

  void add_rows() {
    auto score_options = options<ScoreOptions>();
    CLI::App* score_command =
        add("score", "Score rows with what is live, or with a file and no server",
            [score_options](const Session& s) { return score(s, *score_options); });
    score_command->add_option("target", score_options->target, "<team>/<model>, or *.bascule")
        ->required();
    score_command->add_option("rows", score_options->rows, "a CSV with a header, or JSON")
        ->required();

    auto labels = options<std::array<std::string, 3>>();
    CLI::App* label_command = add_change(
        "label", "Post labels: key,value[,amount]",
        [labels](const Session& s) { return label(s, (*labels)[0], (*labels)[1], (*labels)[2]); });
    label_command->add_option("model", (*labels)[0])->required();
    label_command->add_option("file", (*labels)[1], "a CSV")->required();
    label_command->add_option("--source", (*labels)[2], "where they come from, e.g. chargeback");

    auto log_options = options<LogOptions>();
    CLI::App* log_command = add("log", "What was scored lately, with shadows and labels",
                                [log_options](const Session& s) { return log(s, *log_options); });
    log_command->add_option("model", log_options->model)->required();
    log_command->add_option("--key", log_options->key, "one key only");
    log_command->add_option("--since", log_options->since, "RFC 3339");
    log_command->add_option("--limit", log_options->limit)->check(CLI::Range(1, 1000));
  }

  void add_promotion() {
    auto report_options = options<ReportOptions>();
    CLI::App* report_command =
        add("report", "Compare a candidate with production on the rows that both scored",
            [report_options](const Session& s) { return report(s, *report_options); });
    report_command
        ->add_option("reference", report_options->reference, "<team>/<model>:candidate/<name>")
        ->required();
    report_command->add_option("--since", report_options->since, "RFC 3339");
    report_command->add_option("--until", report_options->until, "RFC 3339");

    auto promote_options = options<PromoteOptions>();
    CLI::App* promote_command =
        add_change("promote", "Move production to a candidate, on the strength of a report",
                   [promote_options](const Session& s) { return promote(s, *promote_options); });
    promote_command
        ->add_option("reference", promote_options->reference, "<team>/<model>:candidate/<name>")
        ->required();
    promote_command->add_option("--report", promote_options->report,
                                "its id; else the newest of these two");
    promote_command->add_option("--reason", promote_options->reason, "kept in the history");
    promote_command->add_flag("--force", promote_options->force,
                              "overrule the gates; needs --reason");
    promote_command->add_flag("--yes", common_.yes, "do not ask");

    auto back_options = options<RollBackOptions>();
    CLI::App* back_command =
        add_change("rollback", "Move production back; needs no report",
                   [back_options](const Session& s) { return roll_back(s, *back_options); });
    back_command->add_option("model", back_options->model)->required();
    back_command->add_option("--to", back_options->to, "v6; else the last promoted version");
    back_command->add_option("--reason", back_options->reason, "kept in the history");
    back_command->add_flag("--yes", common_.yes, "do not ask");
  }

  void add_tokens() {
    CLI::App* group = app_.add_subcommand("token", "Who may ask: make, list and revoke tokens");
    group->require_subcommand(1);
    auto create_options = options<TokenOptions>();
    CLI::App* create_command =
        add_to(*group, "create", "Make a token; it is shown once",
               [create_options](const Session& s) { return create_token(s, *create_options); });
    create_command->add_option("--name", create_options->name, "who asks with it")->required();
    create_command
        ->add_option("--role", create_options->role, "each may do what those before it may")
        ->check(CLI::IsMember({"viewer", "scorer", "publisher", "promoter", "operator", "admin"}))
        ->required();
    create_command->add_option("--expires", create_options->expires,
                               "after so many days, e.g. 90d; else never");
    add_to(*group, "list", "All tokens, without their secrets",
           [](const Session& s) { return list_tokens(s); });
    auto id = options<std::string>();
    add_to(*group, "revoke", "End a token, at once",
           [id](const Session& s) { return revoke_token(s, *id); })
        ->add_option("id", *id, "as `bascule token list` shows it")
        ->required();
  }

  void add_files() {
    auto file = options<std::string>();
    add("inspect", "What a package file says; no server needed",
        [file](const Session& s) { return inspect(s.common, *file); })
        ->add_option("file", *file)
        ->required();
    add("verify", "Prove a package file: digest, every index, golden rows",
        [file](const Session& s) { return verify(s.common, *file); })
        ->add_option("file", *file)
        ->required();
  }

  CLI::App& app_;
  Common& common_;
  Action& action_;
};

int exit_code_of(const Error& error) {
  std::cerr << "bascule: " << error.message << "\n";
  return error.code == Code::kUnavailable ? kUnreachable : kRefused;
}

void add_telemetry_options(CLI::App* command, ServeOptions& options) {
  constexpr std::uint32_t kMostEvery = 1'000'000'000;
  command->add_option("--request-log", options.request_log,
                      "where requests leave a line of JSON: stderr, or a file; empty: nowhere");
  command
      ->add_option("--request-log-every", options.request_log_every,
                   "one line for so many requests, and one for every error; 0: for errors only")
      ->check(CLI::Range(0U, kMostEvery))
      ->capture_default_str();
  command->add_option("--trace-endpoint", options.trace_endpoint,
                      "the OpenTelemetry collector that gets spans by OTLP/HTTP, such as "
                      "http://localhost:4318; empty: none does");
  command
      ->add_option("--trace-every", options.trace_every,
                   "one trace for so many requests whose caller has none; 0: for none of them")
      ->check(CLI::Range(0U, kMostEvery))
      ->capture_default_str();
}

void add_server_options(CLI::App* command, ServeOptions& options) {
  command->add_option("--config", options.config,
                      "a TOML file with these settings; also BASCULE_CONFIG");
  command->add_option("--data", options.data, "the data folder; made when it is not there")
      ->capture_default_str();
  command->add_option("--listen", options.listen, "an address and a port; port 0: a free one")
      ->capture_default_str();
  command->add_option("--grpc-listen", options.grpc_listen,
                      "a second address and port, for who wants gRPC on one of its own; both speak "
                      "everything");
  command->add_option("--loops", options.loops, "event loops")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  command
      ->add_option("--workers", options.workers,
                   "threads for large batches and slow models, which would hold up an event loop")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  command->add_option("--default-model", options.default_model,
                      "whom /invocations means; else the only live model");
  command->add_flag("--terse-errors", options.terse_errors,
                    "tell callers who score a code, and nothing of models and columns");
  command->add_option("--tls-cert", options.tls_certificate,
                      "the certificate and its chain, in PEM: the port speaks TLS");
  command->add_option("--tls-key", options.tls_key, "its key, in PEM");
  command->add_option("--tls-client-ca", options.tls_client_ca,
                      "clients need a certificate of this CA");
  command->add_flag("--tokens", options.tokens,
                    "every request but health needs a token; the first start writes the admin's "
                    "into <data>/admin.token");
  command->add_flag("--insecure", options.insecure,
                    "listen where other machines reach it without TLS or without tokens");
  command->add_option("--log-level", options.log_level, "the least that is logged, to stderr")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
      ->capture_default_str();
  add_telemetry_options(command, options);
}

// The two commands that take the server's settings.
struct ServerCommands {
  ServerCommands(CLI::App& app, ServeOptions& options)
      : serve(app.add_subcommand("serve", "Serve models from a data folder")),
        config(app.add_subcommand("config",
                                  "Print the settings that `serve` would take, as a TOML file")) {
    add_server_options(serve, options);
    add_server_options(config, options);
    config->add_flag("--explain", explain, "say where each value comes from, and what it means")
        ->configurable(false);
  }

  CLI::App* serve;
  CLI::App* config;
  bool explain = false;
};

void print_settings(const std::vector<Setting>& settings, bool explain) {
  for (const Setting& setting : settings) {
    if (explain) {
      std::cout << "# " << setting.description << "; from " << setting.source << "\n";
    }
    std::cout << setting.name << " = " << setting.value << "\n";
  }
}

int run_server_command(const ServerCommands& commands, ServeOptions& options,
                       const std::function<int(const ServeOptions&)>& serve) {
  const bool serves = commands.serve->parsed();
  if (options.config.empty()) {
    options.config = environment("BASCULE_CONFIG", "");
  }
  const auto settings = settle(serves ? *commands.serve : *commands.config, options.config);
  if (!settings) {
    std::cerr << "bascule: " << settings.error().message << "\n";
    return kUsage;
  }
  if (serves) {
    return serve(options);
  }
  print_settings(*settings, commands.explain);
  return kDone;
}

}  // namespace

int run(int argc, char** argv, const std::function<int(const ServeOptions&)>& serve) {
  CLI::App app("Bascule carries fitted Python models to production without Python.", "bascule");
  app.footer(
      "Exit codes: 0 done, 1 refused, 2 wrong usage, 3 no server answers.\n"
      "BASCULE_URL and BASCULE_TOKEN say which server; BASCULE_ACTOR who is asking;\n"
      "BASCULE_CA_FILE, BASCULE_CERT_FILE and BASCULE_KEY_FILE are the options for https.");
  app.require_subcommand(1);
  Common common;
  common.url = environment("BASCULE_URL", common.url.c_str());
  common.token = environment("BASCULE_TOKEN", "");
  common.actor = environment("BASCULE_ACTOR", environment("USER", "").c_str());
  common.tls = {.ca = environment("BASCULE_CA_FILE", ""),
                .certificate = environment("BASCULE_CERT_FILE", ""),
                .key = environment("BASCULE_KEY_FILE", "")};
  app.add_option("--ca-file", common.tls.ca, "who signed the server's certificate, in PEM");
  app.add_option("--cert-file", common.tls.certificate, "this client's certificate, in PEM");
  app.add_option("--key-file", common.tls.key, "its key, in PEM");
  Action action;
  ServeOptions serve_options;
  const ServerCommands server(app, serve_options);
  Commands(app, common, action).add_all();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kDone : kUsage;
  }
  if (server.serve->parsed() || server.config->parsed()) {
    return run_server_command(server, serve_options, serve);
  }
  HttpClient client(common.url, common.token, common.actor, common.tls);
  const auto done = action(Session{common, client});
  return done ? *done : exit_code_of(done.error());
}

}  // namespace bascule::cli
