package dev.hufu.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hufu.it.ServerProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Who is let in, on every route of the document, as a whole server decides it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@SuppressWarnings("NullAway.Init") // JUnit fills the fields before any test
final class CredentialsTest {
    private ServerProcess server;
    private String token;
    private Wire wire;
    private Document document;
    private AnswerCheck check;
    private Drive drive;

    @BeforeAll
    void start(@TempDir Path data) throws IOException {
        server = ServerProcess.started(data);
        token = server.api().token();
        wire = new Wire(server.address().getPort());
        document = Document.of(wire, token);
        check = new AnswerCheck(document);
        drive = new Drive(document, wire, token, check);
    }

    @AfterAll
    void stop() {
        server.close();
    }

    private List<Request> every(boolean open) {
        List<Request> all = new ArrayList<>();
        for (Operation operation : document.operations()) {
            if (operation.isPublic() == open) {
                all.add(drive.bare(operation, Drive.UNKNOWN_RUN, ""));
            }
        }
        return all;
    }

    /** What is no credential: on each route the same answer, but for its trace. */
    private void areAllRefusedAlike(List<Request> requests) throws IOException {
        Set<String> bodies = new HashSet<>();
        for (Request request : requests) {
            Reply reply = check.checkRefusal(request, wire.send(request));
            assertThat(reply.status()).as("%s\n%s", request, reply).isEqualTo(401);
            assertThat(reply.header("WWW-Authenticate")).isEqualTo("Bearer realm=\"hufu\"");
            bodies.add(reply.text().replaceAll("\"traceId\":\"[0-9a-f]{32}\"", ""));
        }
        assertThat(bodies).hasSize(1);
        assertThat(check.violations()).isEmpty();
    }

    @Test
    void b50_everyRouteRefusesEveryWrongCredentialAlike() throws IOException {
        String half = token.substring(0, token.length() / 2);
        List<String> wrong = List.of(
                "",
                "Bearer",
                "Bearer " + half,
                "Bearer " + token.substring(0, token.length() - 1),
                "Bearer " + token + "x",
                "Bearer " + token + " x",
                "Bearer " + half + " " + token.substring(half.length()),
                "Bearer \"" + token + "\"",
                "Bearer " + token.toUpperCase(Locale.ROOT) + token.toLowerCase(Locale.ROOT),
                "Bearer " + token + "," + token,
                "Bearer\t" + token,
                "BearerX " + token,
                "Basic YWRtaW46YWRtaW4=",
                "Basic " + token,
                "Digest username=\"admin\"",
                "Token " + token,
                token);
        List<Request> requests = new ArrayList<>();
        for (Request request : every(false)) {
            requests.add(request);
            wrong.forEach(each -> requests.add(request.with("Authorization", each)));
            requests.add(request.bearing("wrong").bearing(token));
        }
        areAllRefusedAlike(requests);
    }

    @Test
    void b50_theSchemeIsReadInAnyCaseAndSpaceAroundTheTokenIsNoPartOfIt() throws IOException {
        Request request = Request.of("GET", "/openapi.json");
        for (String right :
                List.of("bearer " + token, "BEARER " + token, "Bearer " + token + " ", "Bearer  " + token)) {
            assertThat(wire.send(request.with("Authorization", right)).status())
                    .as(right.replace(token, "…"))
                    .isEqualTo(200);
        }
    }

    @Test
    void b50_b14_whoHasNoTokenDoesNotLearnWhichPathsThereAre() throws IOException {
        List<Request> requests = new ArrayList<>();
        for (String path : List.of(
                "/", "/nothing", "/api", "/api/v1", "/api/v2/runs", "/api/v1/runs/x/y/z", "/admin", "/healthz/x")) {
            for (String method : List.of("GET", "POST", "PUT", "OPTIONS", "TRACE", "BREW")) {
                requests.add(Request.of(method, path));
            }
        }
        for (Request request : every(false)) {
            requests.add(new Request("PATCH", request.target(), request.headers(), null));
            requests.add(new Request(request.method(), request.target() + "?undocumented=1", request.headers(), null));
        }
        areAllRefusedAlike(requests);
    }

    @Test
    void b52_whatProxiesAndBrowsersSendIsNoCredential() throws IOException {
        List<Map.Entry<String, String>> claims = List.of(
                Map.entry("X-Forwarded-For", "127.0.0.1"),
                Map.entry("X-Forwarded-User", "admin"),
                Map.entry("X-Forwarded-Access-Token", token),
                Map.entry("Forwarded", "for=127.0.0.1;by=admin"),
                Map.entry("X-Real-IP", "127.0.0.1"),
                Map.entry("X-Remote-User", "admin"),
                Map.entry("Remote-User", "admin"),
                Map.entry("X-Api-Key", token),
                Map.entry("X-Auth-Token", token),
                Map.entry("Proxy-Authorization", "Bearer " + token),
                Map.entry("Cookie", "token=" + token + "; Authorization=Bearer " + token),
                Map.entry("User-Agent", "Bearer " + token),
                Map.entry("X-Original-URL", "/healthz"),
                Map.entry("X-HTTP-Method-Override", "GET"));
        List<Request> requests = new ArrayList<>();
        for (Request request : every(false)) {
            claims.forEach(claim -> requests.add(request.with(claim.getKey(), claim.getValue())));
            for (String name : List.of("token", "access_token", "authorization")) {
                requests.add(new Request(
                        request.method(), request.target() + "?" + name + "=" + token, request.headers(), null));
            }
        }
        areAllRefusedAlike(requests);
    }

    @Test
    void openRoutesNeedNoCredentialAndAreNotClosedByAWrongOne() throws IOException {
        assertThat(every(true)).isNotEmpty();
        for (Request request : every(true)) {
            assertThat(wire.send(request).status()).isEqualTo(200);
            assertThat(wire.send(request.bearing("wrong")).status()).isEqualTo(200);
        }
    }

    @Test
    void theTokenIsWrittenNowhere() throws IOException {
        wire.send(Request.of("GET", "/openapi.json").bearing(token));
        wire.send(Request.of("GET", "/nothing?token=" + token).bearing(token));
        assertThat(Files.readString(server.log())).doesNotContain(token);
    }
}
