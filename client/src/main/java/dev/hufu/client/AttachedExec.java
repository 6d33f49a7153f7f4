package dev.hufu.client;

import dev.hufu.protocol.RunId;
import dev.hufu.protocol.TaskId;
import java.io.EOFException;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A command that lives as long as this connection: its output as it comes, then its end. Where the connection breaks or this is
 * closed, the run is cancelled; nothing is asked for again. For one thread; another may close it.
 */
public final class AttachedExec implements AutoCloseable {
    private final Lines lines;
    private final String server;
    private final OutputFrames frames = OutputFrames.ofOneConnection();
    private final RunId run;
    private final TaskId taskId;
    private @Nullable Task ended;

    AttachedExec(Lines lines, String server) throws InterruptedException {
        this.lines = lines;
        this.server = server;
        Json first = Json.object(line());
        this.run = first.within("run", head -> head.required("id", RunId::new));
        this.taskId = first.within("run", head -> head.required("taskId", Answers::taskId));
    }

    public RunId run() {
        return run;
    }

    public TaskId taskId() {
        return taskId;
    }

    /**
     * Waits for more output; empty at the end.
     *
     * @throws HufuException.Unreachable when the connection broke
     * @throws HufuException.Refused when the server stops while the command runs; the run goes on, and can be
     *     followed at the next server
     */
    public Optional<OutputEvent> next() throws InterruptedException {
        while (true) {
            OutputEvent event = frames.poll();
            if (event != null || ended != null) {
                return Optional.ofNullable(event);
            }
            Json frame = Json.object(line());
            if (frame.present("exit")) {
                ended = frame.within("exit", Answers::task);
                lines.close();
            } else if (frame.present("error")) {
                throw new HufuException.Refused(frame.within("error", Answers::problem));
            } else {
                frames.accept(frame);
            }
        }
    }

    /** Whether {@link #next} returns without waiting. */
    public boolean ready() {
        try {
            return ended != null || lines.ready();
        } catch (IOException broken) {
            return false;
        }
    }

    /** How it ended; known once {@link #next} has come to the end. */
    public Optional<Task> task() {
        return Optional.ofNullable(ended);
    }

    private byte[] line() throws InterruptedException {
        while (true) {
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            try {
                byte[] line = lines.next();
                if (line == null) {
                    throw new EOFException("the answer ended early");
                }
                if (line.length > 0) {
                    return line;
                }
            } catch (IOException broken) {
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
                throw Retrying.unreachable(server, broken);
            }
        }
    }

    /** Ends the connection, and so cancels what has not ended. */
    @Override
    public void close() {
        lines.close();
    }
}
