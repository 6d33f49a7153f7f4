package dev.hufu.server.http;

import dev.hufu.protocol.ErrorKind;
import dev.hufu.server.auth.Permission;
import dev.hufu.server.http.header.StandardHeaders;
import dev.hufu.server.http.header.TraceContext;
import dev.hufu.server.run.Refusal;
import dev.hufu.server.store.StoreUnavailableException;
import dev.hufu.support.Timers;
import io.javalin.http.Context;
import java.io.EOFException;
import java.io.IOException;
import java.io.Serial;
import java.util.concurrent.atomic.AtomicLong;
import org.eclipse.jetty.http.HttpException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * What happens to every request: trace, gate, route, and a problem where one of them fails. Runs on the request's own
 * virtual thread; thread-safe.
 */
final class RequestCycle {
    static final String MDC_RUN = "run";
    static final String MDC_TASK = "task";
    static final String MDC_TRACE = "trace";

    private static final Logger LOG = LoggerFactory.getLogger(RequestCycle.class);

    private final Api api;
    private final RequestBodies bodies;
    private final RequestListener listener;
    private final Timers timers;
    private final AtomicLong inFlight = new AtomicLong();

    RequestCycle(Api api, RequestBodies bodies, RequestListener listener, Timers timers) {
        this.api = api;
        this.bodies = bodies;
        this.listener = listener;
        this.timers = timers;
    }

    /** How many requests are being worked on. */
    long inFlight() {
        return inFlight.get();
    }

    /** @param route its template, for those who count */
    void serve(Context context, String route, Permission permission, Route.Action action) {
        inFlight.incrementAndGet();
        long begun = timers.nanoTime();
        TraceContext trace = TraceContext.continuing(context.req().getHeader(TraceContext.HEADER));
        MDC.put(MDC_TRACE, trace.traceId());
        Exchange exchange = new Exchange(context, trace, bodies, api::draining, listener);
        StandardHeaders.write(exchange::header);
        try {
            api.gate().admit(exchange, permission);
            action.handle(exchange);
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            answer(exchange, new Refusal(ErrorKind.DRAINING, "The server is shutting down."));
        } catch (Exception failure) {
            answer(exchange, failure);
        } finally {
            exchange.releaseBody();
            listener.answered(exchange.method(), route, exchange.status(), timers.nanoTime() - begun);
            MDC.clear();
            inFlight.decrementAndGet();
        }
    }

    private void answer(Exchange exchange, Exception failure) {
        Problem problem = failure instanceof HttpException refused
                ? ErrorMapper.problem(refused.getCode())
                : ErrorMapper.problem(failure);
        if (failure instanceof EOFException) {
            throw new BrokenAnswerException(failure);
        }
        listener.refused(problem.kind());
        if (problem.kind() == ErrorKind.UNAUTHENTICATED) {
            listener.loginFailed(exchange.header("Authorization") != null);
        }
        if (problem.kind() == ErrorKind.INTERNAL) {
            LOG.error("a request failed", failure);
        } else if (failure instanceof StoreUnavailableException unavailable && !unavailable.full()) {
            LOG.warn("a request met a store that cannot be reached", failure);
        }
        try {
            exchange.problem(problem);
        } catch (IOException gone) {
            throw new BrokenAnswerException(gone);
        }
    }

    /** The answer cannot be finished: nobody is there any more, or a part is sent and the rest cannot be had. */
    static final class BrokenAnswerException extends RuntimeException {
        @Serial
        private static final long serialVersionUID = 1;

        BrokenAnswerException(Throwable cause) {
            super("an answer cannot be finished", cause);
        }
    }
}
