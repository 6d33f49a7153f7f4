package dev.hufu.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

final class ListVerbsTest {
    private final FakeServer server = new FakeServer();
    private final Cockpit cockpit = new Cockpit(server.address());

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void everyConditionReachesTheServer() {
        assertThat(cockpit.run(
                        "runs",
                        "--state",
                        "failed",
                        "--label",
                        "a=b c",
                        "--label=x=y=z",
                        "--node",
                        "web-1",
                        "--created-by",
                        "admin",
                        "--since",
                        "2026-01-02T04:04:05+01:00",
                        "--until",
                        "2026-01-03T00:00:00Z",
                        "--limit",
                        "1"))
                .isZero();
        assertThat(server.outputQueries().getFirst())
                .isEqualTo("state=FAILED&label=a%3Db+c&label=x%3Dy%3Dz&node=web-1&createdBy=admin"
                        + "&since=2026-01-02T03%3A04%3A05Z&until=2026-01-03T00%3A00%3A00Z&limit=100");
        assertThat(cockpit.stdout.text().lines()).hasSize(2);
    }

    @Test
    void whereThereAreMoreAReaderIsTold() {
        cockpit.stderr.terminal = true;
        assertThat(cockpit.run("runs", "--limit", "2")).isZero();
        assertThat(cockpit.stdout.text().lines()).hasSize(3);
        assertThat(cockpit.stderr.text()).contains("--all");
    }

    @Test
    void allIsEveryPageAndJsonIsOneArray() {
        assertThat(cockpit.run("runs", "--all", "-o", "json")).isZero();
        JsonNode all = JsonMapper.shared().readTree(cockpit.stdout.text());
        assertThat(all.isArray()).isTrue();
        assertThat(all.size()).isEqualTo(3);
        assertThat(all.get(2).get("new").booleanValue()).isTrue();
        assertThat(server.outputQueries()).containsExactly("limit=500", "limit=500&cursor=c1", "limit=500&cursor=c2");
    }

    @Test
    void aTableFitsATerminalOf80Columns() {
        cockpit.stdout.terminal = true;
        cockpit.env.put("NO_COLOR", "1");
        assertThat(cockpit.run("runs")).isZero();
        List<String> lines = cockpit.stdout.text().lines().toList();
        assertThat(lines.getFirst()).matches("ID {26}STATE {4}AGE +TOOK +COMMAND");
        assertThat(lines.get(1))
                .startsWith("01jd0000000000000000000000  RUNNING  ")
                .endsWith("…")
                .hasSize(80);
    }

    @Test
    void ofATerminalOf40ColumnsTheIdIsLeftWhole() {
        cockpit.stdout.terminal = true;
        cockpit.stdout.columns = 40;
        cockpit.env.put("NO_COLOR", "1");
        assertThat(cockpit.run("runs")).isZero();
        assertThat(cockpit.stdout.text())
                .startsWith("ID                          STATE\n01jd0000000000000000000000  RUNNING\n");
    }

    @Test
    void b58_intoAFileNothingIsCutAndNothingSteers() {
        assertThat(cockpit.run("runs")).isZero();
        assertThat(cockpit.stdout.text())
                .contains("du -sh '/var/a b' '\\x1b[31mred'")
                .doesNotContain("\033");
    }

    @ParameterizedTest
    @ValueSource(ints = {80, 40})
    void b58_nodesFitATerminalAndCannotSteerIt(int columns) {
        cockpit.stdout.terminal = true;
        cockpit.stdout.columns = columns;
        assertThat(cockpit.run("nodes")).isZero();
        List<String> lines = cockpit.stdout.text().lines().toList();
        assertThat(lines)
                .hasSize(3)
                .allMatch(line -> line.replaceAll("\033\\[[0-9]+m", "").length() <= columns);
        assertThat(lines.get(1)).startsWith("local").contains("\033[32mONLINE\033[0m", "2/1000");
        assertThat(lines.get(2)).contains("虎符-\\x1b[31m");
    }

    @Test
    void nodesAsJsonAreOneArray() {
        assertThat(cockpit.run("nodes", "-o", "json")).isZero();
        JsonNode all = JsonMapper.shared().readTree(cockpit.stdout.text());
        assertThat(all.get(0).get("facts").get("cpus").intValue()).isEqualTo(2);
    }

    @Test
    void retryPrintsTheNewId() {
        assertThat(cockpit.run("retry", FakeServer.RUN)).isZero();
        assertThat(cockpit.stdout.text()).isEqualTo(FakeServer.RUN + "\n");
    }

    @Test
    void aMisspeltVerbOrOptionIsGuessed() {
        assertThat(cockpit.run("lgos")).isEqualTo(2);
        assertThat(cockpit.run("runs", "--lmit", "3")).isEqualTo(2);
        assertThat(cockpit.stderr.text()).contains("did you mean logs?", "did you mean --limit?");
        assertThat(cockpit.run("rnu")).isEqualTo(2);
        assertThat(cockpit.stderr.text()).contains("did you mean run?");
    }
}
