package dev.hufu.agent;

import dev.hufu.protocol.AttemptId;
import org.slf4j.MDC;

/** Names the attempt in every log line of this thread until it is closed. */
final class LogContext implements AutoCloseable {
    private LogContext() {}

    static LogContext of(AttemptId attempt) {
        MDC.put("run", attempt.task().run().value());
        MDC.put("task", attempt.task().toString());
        MDC.put("attempt", Integer.toString(attempt.number()));
        return new LogContext();
    }

    @Override
    public void close() {
        MDC.remove("run");
        MDC.remove("task");
        MDC.remove("attempt");
    }
}
