package dev.hufu.client;

import dev.hufu.client.HttpCalls.Request;
import dev.hufu.client.HttpCalls.Response;
import dev.hufu.protocol.ErrorKind;
import dev.hufu.support.Timers;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import javax.net.ssl.SSLHandshakeException;
import org.jspecify.annotations.Nullable;

/**
 * Sends a request again where the server cannot be reached or asks to come back later, until its time is up. Every request of
 * this client may be repeated: reads, cancels, and submits with their key. Thread-safe; works on the calling thread.
 */
final class Retrying {
    static final Duration SHORTEST = Duration.ofMillis(50);
    static final Duration LONGEST = Duration.ofSeconds(1);

    private final HttpCalls calls;
    private final Timers timers;
    private final Duration retryFor;
    private final Duration connectWithin;
    private final Consumer<HufuException> onRetry;
    private volatile boolean reached;

    Retrying(
            HttpCalls calls,
            Timers timers,
            Duration retryFor,
            Duration connectWithin,
            Consumer<HufuException> onRetry) {
        this.calls = calls;
        this.timers = timers;
        this.retryFor = retryFor;
        this.connectWithin = connectWithin;
        this.onRetry = onRetry;
    }

    /** The answer, of a status below 300. */
    Response send(Request request, String server) throws InterruptedException {
        long began = timers.nanoTime();
        Duration pause = SHORTEST;
        while (true) {
            Failure failure;
            try {
                Response response = calls.exchange(request);
                reached = true;
                if (response.status() < 300) {
                    return response;
                }
                failure = refusal(response, request);
            } catch (IOException broken) {
                if (Thread.interrupted()) {
                    // What an interrupt does to a virtual thread that waits for bytes.
                    throw new InterruptedException();
                }
                failure = new Failure(unreachable(server, broken), within(request, broken), Duration.ZERO);
            }
            Duration wait = pause.compareTo(failure.after()) > 0 ? spread(pause) : failure.after();
            if (timers.nanoTime() - began + wait.toNanos() > failure.within().toNanos()) {
                throw failure.exception();
            }
            onRetry.accept(failure.exception());
            timers.sleep(wait);
            pause = pause.multipliedBy(2).compareTo(LONGEST) > 0 ? LONGEST : pause.multipliedBy(2);
        }
    }

    /**
     * Why it came to nothing, for how long it may be tried again, and after how long at the soonest.
     *
     * @param within zero where trying again is of no use
     */
    private record Failure(HufuException exception, Duration within, Duration after) {}

    private Duration within(Request request, IOException broken) {
        boolean nothingSent = broken instanceof HttpCalls.NotConnectedException;
        if (request.form().once() && !nothingSent) {
            return Duration.ZERO;
        }
        if (broken instanceof SSLHandshakeException || broken.getCause() instanceof SSLHandshakeException) {
            // A certificate does not become better by asking again.
            return Duration.ZERO;
        }
        return nothingSent && !reached ? connectWithin : retryFor;
    }

    private Failure refusal(Response response, Request request) {
        int status = response.status();
        if (status < 400) {
            return new Failure(
                    new HufuException.Unintelligible(
                            "The answer is a redirect (HTTP status " + status
                                    + "), which is not followed: is this a Hufu server?",
                            null),
                    Duration.ZERO,
                    Duration.ZERO);
        }
        Duration retryAfter = retryAfter(response);
        HufuException.Problem problem = Answers.problem(status, response.body(), retryAfter);
        boolean later = switch (status) {
            case 429, 502, 503, 504 -> true;
            // Of a submit: an earlier try of it is still being committed. The JDK tries again by itself, too.
            case 409 -> problem.kind() == ErrorKind.CONFLICT && request.body() != null;
            default -> false;
        };
        return new Failure(
                new HufuException.Refused(problem),
                later ? retryFor : Duration.ZERO,
                retryAfter == null ? Duration.ZERO : retryAfter);
    }

    private @Nullable Duration retryAfter(Response response) {
        Optional<String> header = response.header("retry-after");
        if (header.isEmpty()) {
            return null;
        }
        String value = header.get().strip();
        try {
            if (value.matches("[0-9]{1,9}")) {
                return Duration.ofSeconds(Long.parseLong(value));
            }
            Duration until = Duration.between(
                    timers.now(),
                    ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME)
                            .toInstant());
            return until.isNegative() ? Duration.ZERO : until;
        } catch (DateTimeException malformed) {
            // The pause between two tries is ours then.
            return null;
        }
    }

    static HufuException unreachable(String server, IOException cause) {
        String message = cause.getMessage();
        // What a server that wants TLS does with a request in the clear.
        boolean hungUp = message != null && message.startsWith("Unexpected end of file") && server.startsWith("http:");
        boolean untrusted = cause instanceof SSLHandshakeException || cause.getCause() instanceof SSLHandshakeException;
        return new HufuException.Unreachable(
                (untrusted ? "No TLS with " : "No answer from ") + server + ": "
                        + (message == null ? cause.getClass().getSimpleName() : message)
                        + (hungUp ? "; it ended, or it wants https" : ""),
                cause);
    }

    /** Many clients that lost their server come back at different moments. */
    static Duration spread(Duration pause) {
        return pause.plus(
                pause.multipliedBy(ThreadLocalRandom.current().nextInt(50)).dividedBy(100));
    }
}
