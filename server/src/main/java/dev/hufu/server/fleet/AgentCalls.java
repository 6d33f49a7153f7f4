package dev.hufu.server.fleet;

import dev.hufu.protocol.AgentMessage;
import dev.hufu.protocol.ErrorKind;
import dev.hufu.protocol.ServerMessage;
import dev.hufu.server.run.Refusal;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongFunction;

/**
 * Calls to agents: a message that is answered while the caller waits, on the caller's thread. A call ends with its answer, with
 * its session or with its patience; nothing is ever sent again. Thread-safe.
 */
final class AgentCalls {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private record Open(AgentSession session, CompletableFuture<AgentMessage> answer) {}

    private final AtomicLong numbers = new AtomicLong();
    private final ConcurrentHashMap<Long, Open> open = new ConcurrentHashMap<>();

    /**
     * Sends a call and waits for its answer.
     *
     * @param session of the node; empty where it is not connected
     * @param message makes the message for a call of this number
     * @throws Refusal with {@link ErrorKind#UNAVAILABLE} where no answer comes; whether the call arrived is then unknown
     */
    AgentMessage call(Optional<AgentSession> session, LongFunction<ServerMessage> message) throws InterruptedException {
        AgentSession to = session.filter(AgentSession::greeted)
                .orElseThrow(() -> new Refusal(ErrorKind.UNAVAILABLE, "The task's node is not connected."));
        long number = numbers.incrementAndGet();
        Open call = new Open(to, new CompletableFuture<>());
        open.put(number, call);
        try {
            to.send(message.apply(number));
            if (!to.open()) {
                throw gone();
            }
            return call.answer.get(PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException sessionOver) {
            throw gone();
        } catch (TimeoutException silent) {
            throw new Refusal(
                    ErrorKind.UNAVAILABLE,
                    "The task's node did not answer within " + PATIENCE.toSeconds()
                            + " s; it is not known whether this was done.");
        } finally {
            open.remove(number);
        }
    }

    private static Refusal gone() {
        return new Refusal(
                ErrorKind.UNAVAILABLE,
                "The connection to the task's node broke; it is not known whether this was done.");
    }

    /** An answer came; one that nobody waits for any more, or of another session, is dropped. */
    void answered(AgentSession session, long number, AgentMessage answer) {
        Open call = open.get(number);
        if (call != null && call.session.equals(session)) {
            call.answer.complete(answer);
        }
    }

    /** The session is over, and with it what was asked through it. */
    void lost(AgentSession session) {
        open.values().stream()
                .filter(call -> call.session.equals(session))
                .forEach(call -> call.answer.completeExceptionally(new IllegalStateException("the session is over")));
    }
}
