// Scores one row with Go's standard library: go run score.go http://127.0.0.1:8080 fraud/charge
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

type row struct {
	Row map[string]any `json:"row"`
	Key string         `json:"key,omitempty"`
}

type answer struct {
	Score   float64 `json:"score"`
	Action  string  `json:"action"`
	EventID string  `json:"event_id"`
	Version string  `json:"version"`
	Error   string  `json:"error"` // of a request that was refused; see docs/errors.md
	Code    string  `json:"code"`
}

// One client for the whole program: it keeps its connections open.
var client = &http.Client{Timeout: 2 * time.Second}

func score(url, model string, one row) (answer, error) {
	var out answer
	body, err := json.Marshal(one)
	if err != nil {
		return out, err
	}
	request, err := http.NewRequest("POST", url+"/v1/models/"+model+"/score", bytes.NewReader(body))
	if err != nil {
		return out, err
	}
	request.Header.Set("Content-Type", "application/json")
	if token := os.Getenv("BASCULE_TOKEN"); token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := client.Do(request)
	if err != nil {
		return out, err
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&out); err != nil {
		return out, err
	}
	if response.StatusCode != http.StatusOK {
		return out, fmt.Errorf("%s: %s", out.Code, out.Error)
	}
	return out, nil
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: score URL MODEL")
		os.Exit(2)
	}
	columns := map[string]any{"amount": 120.5, "age": 33, "country": "DE"}
	out, err := score(os.Args[1], os.Args[2], row{Row: columns, Key: "ch_1"})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(out.Score, out.Version, out.EventID)
}
