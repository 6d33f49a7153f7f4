package dev.hufu.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hufu.server.auth.Permission;
import dev.hufu.server.store.AuditEvent;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@SuppressWarnings("NullAway.Init") // JUnit fills the fields before any test
final class GateTest {
    private ApiFixture api;

    @BeforeEach
    void start(@TempDir Path data) throws IOException {
        api = new ApiFixture(data);
    }

    @AfterEach
    void stop() {
        api.close();
    }

    private HttpResponse<String> ask(String method, String path, @Nullable String authorization) {
        HttpRequest.Builder request = HttpRequest.newBuilder(api.uri(
                        path.replace("{id}", "01m89zjnk2gwjzyj5ken2jnrm7").replace("{name}", "local")))
                .method(method, BodyPublishers.noBody());
        if (authorization != null) {
            request.header("Authorization", authorization);
        }
        return api.send(request);
    }

    @Test
    void onlyHealthIsPublic() {
        assertThat(api.api.routes().stream()
                        .filter(route -> route.permission() == Permission.PUBLIC)
                        .map(Route::path))
                .containsExactlyInAnyOrder("/healthz", "/readyz");
    }

    @Test
    void b50_everyRouteAnswersTheSameToWhoeverHasNoToken() {
        List<String> bodies = new ArrayList<>();
        List<String> wrong = new ArrayList<>();
        wrong.add(null);
        wrong.addAll(List.of(
                "Bearer",
                "Bearer ",
                "Bearer wrong",
                "Bearer " + api.token.substring(0, 42),
                "Bearer " + api.token + "x",
                "Basic YWRtaW46YWRtaW4=",
                api.token));
        for (Route route : api.api.routes()) {
            for (String authorization : wrong) {
                HttpResponse<String> answer = ask(route.method(), route.path(), authorization);
                if (route.permission() == Permission.PUBLIC) {
                    assertThat(answer.statusCode()).as(route.path()).isEqualTo(200);
                    continue;
                }
                assertThat(answer.statusCode()).as(route.path()).isEqualTo(401);
                assertThat(answer.headers().firstValue("WWW-Authenticate")).contains("Bearer realm=\"hufu\"");
                bodies.add(answer.body().replaceAll("\"traceId\":\"[0-9a-f]+\"", ""));
            }
        }
        assertThat(bodies).isNotEmpty();
        assertThat(bodies).containsOnly(bodies.getFirst());
        assertThat(ask("GET", "/nothing", null).statusCode()).isEqualTo(401);
        assertThat(ask("PUT", "/api/v1/runs", null).statusCode()).isEqualTo(401);
    }

    @Test
    void theRightTokenIsLetIn() {
        assertThat(ask("GET", "/openapi.json", "Bearer " + api.token).statusCode())
                .isEqualTo(200);
        assertThat(ask("GET", "/openapi.json", "bearer  " + api.token).statusCode())
                .isEqualTo(200);
    }

    @Test
    void failedLoginsAreRecordedButCannotFloodTheAuditLog() {
        for (int i = 0; i < 200; i++) {
            ask("GET", "/openapi.json", i % 2 == 0 ? null : "Bearer wrong");
        }
        List<AuditEvent> failed = api.store.audit().stream()
                .filter(event -> event.action().equals("login.failed"))
                .toList();
        assertThat(failed).hasSize(2);
        assertThat(failed.getFirst().detail()).containsEntry("credentials", "missing");
        assertThat(failed.get(1).detail()).containsEntry("credentials", "wrong").containsEntry("address", "127.0.0.1");
        assertThat(failed.toString()).doesNotContain("Bearer");
    }

    @Test
    void withoutItsStoreItStillSays401() {
        api.store.unreachable(true);
        assertThat(ask("GET", "/openapi.json", null).statusCode()).isEqualTo(401);
    }
}
