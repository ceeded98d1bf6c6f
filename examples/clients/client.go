// Scores one row with Go's standard library, by the face that the first word names:
//
//	go run client.go score|infer|invoke http://127.0.0.1:8080 fraud/charge
//
// BASCULE_TOKEN, where the server wants one, goes into the Authorization header.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"time"
)

// One client for the whole program: it keeps its connections open.
var client = &http.Client{Timeout: 2 * time.Second}

// The columns of the model.
var row = map[string]any{"amount": 120.5, "age": 33, "country": "DE"}

// What is asked becomes JSON, and the answer's JSON becomes `out`.
func post(url string, ask, out any, fields map[string]string) error {
	body, err := json.Marshal(ask)
	if err != nil {
		return err
	}
	request, err := http.NewRequest("POST", url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	for name, value := range fields {
		request.Header.Set(name, value)
	}
	if token := os.Getenv("BASCULE_TOKEN"); token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusOK {
		return json.NewDecoder(response.Body).Decode(out)
	}
	var refusal struct{ Error string } // docs/errors.md
	if err := json.NewDecoder(response.Body).Decode(&refusal); err != nil {
		return err
	}
	return fmt.Errorf("%d: %s", response.StatusCode, refusal.Error)
}

// The rows face, docs/scoring.md.
func score(url, model string) error {
	var out struct {
		Score   float64 `json:"score"`
		Action  string  `json:"action"`
		EventID string  `json:"event_id"`
		Version string  `json:"version"`
	}
	ask := map[string]any{"row": row, "key": "ch_1"}
	if err := post(url+"/v1/models/"+model+"/score", ask, &out, nil); err != nil {
		return err
	}
	fmt.Println(out.Score, out.Version, out.EventID)
	return nil
}

type tensor struct {
	Name     string `json:"name"`
	Datatype string `json:"datatype"`
	Shape    []int  `json:"shape"`
	Data     []any  `json:"data"`
}

// The Open Inference Protocol, docs/oip.md.
func infer(url, model string) error {
	var out struct {
		ModelVersion string   `json:"model_version"`
		Outputs      []tensor `json:"outputs"`
	}
	ask := map[string]any{"inputs": []tensor{
		{"amount", "FP64", []int{1}, []any{row["amount"]}}, // nil is a missing value
		{"age", "INT64", []int{1}, []any{row["age"]}},
		{"country", "BYTES", []int{1}, []any{row["country"]}},
	}}
	if err := post(url+"/v2/models/"+model+"/infer", ask, &out, nil); err != nil {
		return err
	}
	for _, output := range out.Outputs {
		fmt.Println(output.Name, output.Shape, output.Data)
	}
	return nil
}

// As MLflow's and SageMaker's clients do, docs/adapters.md.
func invoke(url, model string) error {
	var out struct {
		Predictions []json.RawMessage `json:"predictions"` // the only output, or an object of them
	}
	ask := map[string]any{"dataframe_records": []any{row}}
	fields := map[string]string{"X-Amzn-SageMaker-Target-Model": model}
	if err := post(url+"/invocations", ask, &out, fields); err != nil {
		return err
	}
	for _, prediction := range out.Predictions {
		fmt.Println(string(prediction))
	}
	return nil
}

func main() {
	faces := map[string]func(url, model string) error{
		"score": score, "infer": infer, "invoke": invoke,
	}
	if len(os.Args) != 4 || faces[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: client score|infer|invoke URL MODEL")
		os.Exit(2)
	}
	if err := faces[os.Args[1]](os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
