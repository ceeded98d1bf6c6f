// Scores one row with Java's standard library, by the face that the first word names:
//
//   java Client.java score|infer|invoke http://127.0.0.1:8080 fraud/charge
//
// BASCULE_TOKEN, where the server wants one, goes into the Authorization header. Use your own JSON
// library; the bodies are written by hand here so that nothing has to be downloaded.

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

public class Client {
  // One client for the whole program: it keeps its connections open.
  private static final HttpClient CLIENT =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();

  // `fields` are names and values of headers, in turn.
  static HttpResponse<String> post(String url, String body, String... fields) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(url))
            .timeout(Duration.ofSeconds(2))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body));
    if (fields.length > 0) {
      request.headers(fields);
    }
    String token = System.getenv("BASCULE_TOKEN");
    if (token != null) {
      request.header("Authorization", "Bearer " + token);
    }
    return CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  // The rows face, docs/scoring.md.
  static HttpResponse<String> score(String url, String model) throws Exception {
    String body =
        """
        {"row": {"amount": 120.5, "age": 33, "country": "DE"}, "key": "ch_1"}""";
    return post(url + "/v1/models/" + model + "/score", body);
  }

  // The Open Inference Protocol, docs/oip.md.
  static HttpResponse<String> infer(String url, String model) throws Exception {
    String body =
        """
        {"inputs": [
          {"name": "amount", "datatype": "FP64", "shape": [1], "data": [120.5]},
          {"name": "age", "datatype": "INT64", "shape": [1], "data": [33]},
          {"name": "country", "datatype": "BYTES", "shape": [1], "data": ["DE"]}]}""";
    return post(url + "/v2/models/" + model + "/infer", body);
  }

  // As MLflow's and SageMaker's clients do, docs/adapters.md.
  static HttpResponse<String> invoke(String url, String model) throws Exception {
    String body =
        """
        {"dataframe_records": [{"amount": 120.5, "age": 33, "country": "DE"}]}""";
    return post(url + "/invocations", body, "X-Amzn-SageMaker-Target-Model", model);
  }

  public static void main(String[] arguments) throws Exception {
    String face = arguments.length == 3 ? arguments[0] : "";
    if (!face.equals("score") && !face.equals("infer") && !face.equals("invoke")) {
      System.err.println("usage: java Client.java score|infer|invoke URL MODEL");
      System.exit(2);
    }
    String url = arguments[1];
    String model = arguments[2];
    HttpResponse<String> answer =
        switch (face) {
          case "score" -> score(url, model);
          case "infer" -> infer(url, model);
          default -> invoke(url, model);
        };
    System.out.println(answer.body());
    System.exit(answer.statusCode() == 200 ? 0 : 1);
  }
}
