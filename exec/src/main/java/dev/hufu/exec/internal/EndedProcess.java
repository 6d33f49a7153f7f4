package dev.hufu.exec.internal;

import dev.hufu.exec.OutputReader;
import dev.hufu.exec.ProcessResult;
import dev.hufu.exec.ProcessTree;
import dev.hufu.exec.RunningProcess;
import dev.hufu.exec.StopPolicy;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** A process that had ended when the launch returned: mostly one that could not be started. */
record EndedProcess(Path attemptFile, ProcessResult result) implements RunningProcess {
    @Override
    public long pid() {
        return 0;
    }

    @Override
    public Optional<Instant> startedAt() {
        return Optional.ofNullable(result.startedAt());
    }

    /** Nothing is left to stop. */
    @Override
    public void stop(StopPolicy policy) {}

    /** Nothing is left to signal. */
    @Override
    public void signal(int signal, boolean wholeTree) {}

    @Override
    public ProcessTree processes(int atMost) {
        return new ProcessTree(result.finishedAt(), List.of(), false);
    }

    /** Nobody waits for a reader. */
    @Override
    public void consumed(long stdout, long stderr) {}

    @Override
    public ProcessResult awaitExit() {
        return result;
    }

    @Override
    public Optional<ProcessResult> awaitExit(Duration timeout) {
        return Optional.of(result);
    }

    @Override
    public boolean killPending() {
        return false;
    }

    @Override
    public OutputReader output() throws IOException {
        try {
            return AttemptFiles.output(attemptFile);
        } catch (NoSuchFileException e) {
            return new EmptyOutput();
        }
    }

    @Override
    public void close() {}
}
