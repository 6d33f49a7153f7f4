package org.example.user;

import dev.hufu.exec.ExitStatus;
import dev.hufu.exec.LauncherConfig;
import dev.hufu.exec.OutputReader;
import dev.hufu.exec.ProcessLauncher;
import dev.hufu.exec.ProcessLaunchers;
import dev.hufu.exec.ProcessResult;
import dev.hufu.exec.ProcessSpec;
import dev.hufu.exec.Program;
import dev.hufu.exec.RunningProcess;
import dev.hufu.exec.StopPolicy;
import dev.hufu.exec.StreamName;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;

/** What somebody writes who has this library's jar and nothing else. */
public final class Main {
    private Main() {}

    public static void main(String[] arguments) throws Exception {
        Path directory = Files.createTempDirectory("user");
        LauncherConfig config = LauncherConfig.defaults().withRunDirectory(Files.createDirectory(directory.resolve("run")));
        Files.setPosixFilePermissions(directory.resolve("run"), java.nio.file.attribute.PosixFilePermissions.fromString("rwx------"));
        try (ProcessLauncher launcher = ProcessLaunchers.nativeLauncher(config, Clock.systemUTC(), Thread.ofVirtual().factory())) {
            use(launcher, directory, "native");
        }
        try (ProcessLauncher launcher = ProcessLaunchers.jdkLauncher(Clock.systemUTC(), Thread.ofPlatform().daemon().factory())) {
            use(launcher, directory, "jdk");
        }
    }

    private static void use(ProcessLauncher launcher, Path directory, String name) throws Exception {
        ProcessSpec greeting = ProcessSpec.builder(directory.resolve(name + "-1"), new Program.CommandLine(List.of("/bin/cat")))
                .stdin("hello".getBytes(StandardCharsets.UTF_8))
                .timeout(Duration.ofMinutes(1))
                .build();
        try (RunningProcess process = launcher.launch(greeting)) {
            ProcessResult result = process.awaitExit();
            String said = switch (result.status()) {
                case ExitStatus.Exited(int code) -> "exit " + code;
                case ExitStatus.Signaled(int signal, boolean core) -> "signal " + signal;
                case ExitStatus.LaunchFailed(int errno, var stage) -> "failed at " + stage.word();
                case ExitStatus.Unknown(var why) -> "unknown";
            };
            System.out.println(name + " " + said + " " + text(process));
        }
        ProcessSpec endless = ProcessSpec.builder(directory.resolve(name + "-2"), new Program.CommandLine(List.of("/bin/sleep", "60"))).build();
        try (RunningProcess process = launcher.launch(endless)) {
            process.stop(StopPolicy.requested(Duration.ofSeconds(5)));
            System.out.println(name + " stopped " + process.awaitExit().stopCause());
        }
    }

    private static String text(RunningProcess process) throws Exception {
        try (OutputReader output = process.output()) {
            ByteBuffer bytes = ByteBuffer.allocate(100);
            output.read(StreamName.STDOUT, 0, bytes);
            return new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8);
        }
    }
}
