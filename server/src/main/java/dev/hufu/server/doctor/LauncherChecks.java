package dev.hufu.server.doctor;

import dev.hufu.exec.ExitStatus;
import dev.hufu.exec.Isolation;
import dev.hufu.exec.LauncherConfig;
import dev.hufu.exec.ProcessLauncher;
import dev.hufu.exec.ProcessLaunchers;
import dev.hufu.exec.ProcessResult;
import dev.hufu.exec.ProcessSpec;
import dev.hufu.exec.Program;
import dev.hufu.exec.RunningProcess;
import dev.hufu.exec.StopPolicy;
import dev.hufu.support.Threads;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Starts the native launcher, has it run and stop a process tree, and asks what it can hold processes to. */
final class LauncherChecks {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final String TREE = "(setsid sleep 60 & ) ; exit 0";

    private final LauncherConfig config;
    private final InstantSource clock;

    LauncherChecks(LauncherConfig config, InstantSource clock) {
        this.config = config;
        this.clock = clock;
    }

    List<Finding> all() throws InterruptedException {
        List<Finding> all = new ArrayList<>();
        try (ProcessLauncher launcher =
                ProcessLaunchers.nativeLauncher(config, clock, Threads.virtualFactory("doctor-"))) {
            all.add(starts(launcher));
            all.addAll(isolation(launcher.isolation()));
        } catch (IOException refused) {
            all.add(Finding.broken(
                    "launcher",
                    String.valueOf(refused.getMessage()),
                    "No command can run. Its run directory ($XDG_RUNTIME_DIR/hufu, else /tmp/hufu-<uid>) must be this"
                            + " user's own, mode 0700, with a short path, and not mounted noexec."));
        }
        return all;
    }

    /** A daemon that left its session is left behind: that it is found and killed is what a subreaper is for. */
    private static Finding starts(ProcessLauncher launcher) throws IOException, InterruptedException {
        Path directory = Files.createTempDirectory("hufu-doctor-");
        Path file = directory.resolve("attempt");
        try {
            ProcessSpec spec = ProcessSpec.builder(file, new Program.CommandLine(List.of("/bin/sh", "-c", TREE)))
                    .environment("PATH", "/usr/local/bin:/usr/bin:/bin")
                    .drainGrace(Duration.ZERO)
                    .timeout(PATIENCE)
                    .build();
            try (RunningProcess process = launcher.launch(spec)) {
                Optional<ProcessResult> result = process.awaitExit(PATIENCE);
                if (result.isEmpty()) {
                    process.stop(StopPolicy.requested(Duration.ZERO));
                    return Finding.broken("launcher", "a command did not end", "Its log may say why.");
                }
                return result.get().status() instanceof ExitStatus.Exited(int code) && code == 0
                        ? Finding.ok(
                                "launcher", "a command ran, and what it left behind was found and ended (subreaper)")
                        : Finding.broken(
                                "launcher",
                                "a command ended with " + result.get().status(),
                                "Commands do not run here.");
            }
        } finally {
            Files.deleteIfExists(file);
            Files.deleteIfExists(directory);
        }
    }

    static List<Finding> isolation(Isolation isolation) {
        List<Finding> all = new ArrayList<>();
        all.add(groups(isolation.cgroups()));
        all.add(limit(
                "limit-memory",
                "limits.memory",
                isolation.memory(),
                "It bounds the address space of each process by itself: a tree may take more, and what passes it sees"
                        + " an error and is not told as memory-limit."));
        all.add(limit("limit-cpu", "limits.cpu", isolation.cpu(), "It bounds each process by itself."));
        all.add(limit(
                "limit-pids",
                "limits.pids",
                isolation.processes(),
                "It bounds all processes of the command's user together, and root not at all."));
        all.add(
                isolation.openFiles() == Isolation.Mechanism.UNAVAILABLE
                        ? limit("limit-files", "limits.files", isolation.openFiles(), "")
                        : Finding.ok("limit-files", "limits.files bounds each process"));
        all.add(
                isolation.canChangeUser()
                        ? Finding.ok("other-users", "commands can run as other users, where execution.users allows it")
                        : Finding.weaker(
                                "other-users",
                                "this user may not become another",
                                "Every command runs as the server's own user, and can signal the server (B41). Start the"
                                        + " server as root, or with CAP_SETUID, CAP_SETGID and CAP_KILL."));
        return all;
    }

    private static Finding groups(Isolation.CgroupKind kind) {
        String without = "A process that leaves its session or its parents is still found, by its descent; a stop takes"
                + " longer, and its proof is the same.";
        return switch (kind) {
            case V2_CONTROLLERS -> Finding.ok("control-groups", "version 2, with controllers");
            case V2_CORE ->
                Finding.weaker(
                        "control-groups",
                        "version 2, without controllers for memory, cpu and pids",
                        "A tree is killed at once, by its group; limits are kept in other ways, see below.");
            case V1 -> Finding.ok("control-groups", "version 1");
            case NONE ->
                Finding.weaker(
                        "control-groups",
                        "none that this user may make groups in",
                        without + " Limits are kept in other ways, see below.");
        };
    }

    private static Finding limit(String name, String field, Isolation.Mechanism mechanism, String byRlimit) {
        return switch (mechanism) {
            case CGROUP -> Finding.ok(name, field + " bounds the whole tree, by its control group");
            case RLIMIT -> Finding.weaker(name, field + " is kept by setrlimit", byRlimit);
            case UNAVAILABLE ->
                Finding.weaker(
                        name, field + " cannot be kept here", "A run that asks for it is refused; nothing is ignored.");
        };
    }
}
