package dev.hufu.exec;

import dev.hufu.exec.Isolation.Mechanism;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;

/** Launches everything within limits that nothing here should hit: all that the launcher can keep. */
record LimitedLauncher(ProcessLauncher launcher) implements ProcessLauncher {
    @Override
    public RunningProcess launch(ProcessSpec spec) throws IOException {
        return launcher.launch(new ProcessSpec(
                spec.attemptFile(),
                spec.program(),
                spec.environment(),
                spec.workingDirectory(),
                spec.stdin(),
                spec.timeout(),
                spec.killGrace(),
                spec.drainGrace(),
                spec.notAfter(),
                spec.outputLimit(),
                spec.outputPolicy(),
                spec.marker(),
                spec.metadata(),
                spec.allowPrivilegeGain(),
                spec.user(),
                generous()));
    }

    private ResourceLimits generous() {
        Isolation isolation = launcher.isolation();
        ResourceLimits limits = ResourceLimits.NONE.withMemoryBytes(2L << 30).withOpenFiles(500);
        limits = isolation.cpu() == Mechanism.CGROUP ? limits.withCpus(50) : limits;
        return isolation.processes() == Mechanism.CGROUP ? limits.withProcesses(2_000) : limits;
    }

    @Override
    public Attachment attach(Path attemptFile, Duration patience) throws IOException, InterruptedException {
        return launcher.attach(attemptFile, patience);
    }

    @Override
    public OutputReader output(Path attemptFile) throws IOException {
        return launcher.output(attemptFile);
    }

    @Override
    public Set<Capability> capabilities() {
        return launcher.capabilities();
    }

    @Override
    public Isolation isolation() {
        return launcher.isolation();
    }

    @Override
    public void close() {
        launcher.close();
    }
}
