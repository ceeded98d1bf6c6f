// Scores one row with Java's standard library: java Score.java http://127.0.0.1:8080 fraud/charge
//
// BASCULE_TOKEN, where the server wants one, goes into the Authorization header. Use your own JSON
// library; the body is written by hand here so that nothing has to be downloaded.

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

public class Score {
  // One client for the whole program: it keeps its connections open.
  private static final HttpClient CLIENT =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();

  static HttpResponse<String> score(String url, String model, String row) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(url + "/v1/models/" + model + "/score"))
            .timeout(Duration.ofSeconds(2))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(row));
    String token = System.getenv("BASCULE_TOKEN");
    if (token != null) {
      request.header("Authorization", "Bearer " + token);
    }
    return CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  public static void main(String[] arguments) throws Exception {
    if (arguments.length != 2) {
      System.err.println("usage: java Score.java URL MODEL");
      System.exit(2);
    }
    String row =
        "{\"row\": {\"amount\": 120.5, \"age\": 33, \"country\": \"DE\"}, \"key\": \"ch_1\"}";
    HttpResponse<String> answer = score(arguments[0], arguments[1], row);
    System.out.println(answer.body());
    System.exit(answer.statusCode() == 200 ? 0 : 1);
  }
}
