package dev.hufu.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

/** Looking into a running task, and sending it signals. */
final class LiveVerbsTest {
    private final FakeServer server = new FakeServer();
    private final Cockpit cockpit = new Cockpit(server.address());

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void b58_theProcessesAreATreeThatSteersNoTerminal() {
        assertThat(cockpit.run("show", "--processes", FakeServer.RUN)).isZero();
        assertThat(cockpit.stdout.text()).isEqualTo("""
                        Taken at 2026-01-02 04:04:05.678 +0100; there are more processes than these

                        PID  STATE     CPU        MEMORY   THREADS  WAITS ON           COMMAND
                        100  SLEEPING  30 ms      1.0 MiB  1        do_wait            sh -c 'sleep 5 & wait'
                        101  RUNNING   1 min 1 s  4.2 MiB  40                          └─ java '\\x1b[31m\\x9b' x…
                        102  SLEEPING  0 ms       512 B    1        hrtimer_nanosleep    └─ sleep 5
                        105  ZOMBIE    0 ms                1                           [daemon]
                        """);
    }

    @ParameterizedTest
    @ValueSource(ints = {40, 60, 80})
    void theProcessesFitTheTerminal(int columns) {
        cockpit.stdout.terminal = true;
        cockpit.stdout.columns = columns;
        cockpit.env.put("NO_COLOR", "1");
        assertThat(cockpit.run("show", "--processes", FakeServer.RUN + ".0")).isZero();
        assertThat(cockpit.stdout.text().lines().skip(1)).allMatch(line -> line.length() <= columns);
        assertThat(cockpit.stdout.text()).contains("PID", "COMMAND", "102");
    }

    @Test
    void asJsonTheProcessesAreInTheServersWords() {
        assertThat(cockpit.run("show", "--processes", "-o", "json", FakeServer.RUN + ".0"))
                .isZero();
        assertThat(JsonMapper.shared()
                        .readTree(cockpit.stdout.text())
                        .at("/processes/0/kernelStack/0")
                        .asString())
                .isEqualTo("do_wait+0x1");
        assertThat(cockpit.stdout.text()).contains("\"new\"").doesNotContain("\u009b");
    }

    @Test
    void ofARunWithSeveralTasksOneIsNamed() {
        server.tasks(2);
        assertThat(cockpit.run("show", "--processes", FakeServer.RUN)).isEqualTo(2);
        assertThat(cockpit.stderr.text()).contains("the run has 2 tasks; name one, as in " + FakeServer.RUN + ".0");
    }

    @Test
    void aSignalIsNamedAsKillDoes() {
        for (String signal : List.of("QUIT", "sigquit", "3")) {
            assertThat(cockpit.run("signal", signal, FakeServer.RUN)).isZero();
        }
        assertThat(cockpit.run("signal", "--whole-tree", "STOP", FakeServer.RUN + ".0"))
                .isZero();
        String path = "/tasks/" + FakeServer.RUN + ".0/signal ";
        assertThat(server.bodies())
                .containsExactly(
                        path + "{\"signal\":\"SIGQUIT\",\"wholeTree\":false}",
                        path + "{\"signal\":\"SIGQUIT\",\"wholeTree\":false}",
                        path + "{\"signal\":\"SIGQUIT\",\"wholeTree\":false}",
                        path + "{\"signal\":\"SIGSTOP\",\"wholeTree\":true}");
        assertThat(cockpit.stdout.text()).contains(FakeServer.RUN + ".0 RUNNING, SIGQUIT sent");
    }

    @Test
    void whatIsNoSignalIsSaid() {
        assertThat(cockpit.run("signal", FakeServer.RUN, "QUIT")).isEqualTo(2);
        assertThat(cockpit.stderr.text()).contains("is not a signal such as TERM, SIGQUIT or 3");
        assertThat(server.bodies()).isEmpty();
    }
}
