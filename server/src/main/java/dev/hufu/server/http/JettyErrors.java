package dev.hufu.server.http;

import dev.hufu.server.http.header.StandardHeaders;
import dev.hufu.server.http.header.TraceContext;
import java.nio.ByteBuffer;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/** What Jetty refuses before a route sees it, answered as a problem like everything else. Thread-safe. */
final class JettyErrors extends ErrorHandler {
    private static final Logger LOG = LoggerFactory.getLogger(JettyErrors.class);

    private final RequestListener listener;

    JettyErrors(RequestListener listener) {
        this.listener = listener;
    }

    @Override
    public boolean errorPageForMethod(String method) {
        return true;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        // An id that would be another after decoding names nothing; that is all its sender needs to know.
        Problem problem = ErrorMapper.problem(request.getHttpURI().hasViolations() ? 404 : response.getStatus());
        int status = problem.status();
        TraceContext trace = TraceContext.continuing(request.getHeaders().get(TraceContext.HEADER));
        response.setStatus(status);
        listener.answered(request.getMethod(), RequestListener.NO_ROUTE, status, 0);
        if (status == 500) {
            logged(request, status, trace);
        }
        byte[] body = body(problem, trace, response.getHeaders());
        response.write(true, ByteBuffer.wrap(body), callback);
        return true;
    }

    private static void logged(Request request, int status, TraceContext trace) {
        try (MDC.MDCCloseable _ = MDC.putCloseable(RequestCycle.MDC_TRACE, trace.traceId())) {
            LOG.error("a request was answered with {} by the HTTP layer", status, (Throwable)
                    request.getAttribute(ERROR_EXCEPTION));
        }
    }

    private byte[] body(Problem problem, TraceContext trace, HttpFields.Mutable headers) {
        byte[] body = problem.toJson(trace.traceId());
        listener.refused(problem.kind());
        StandardHeaders.write(headers::put);
        ErrorMapper.retryAfter(problem.kind())
                .ifPresent(wait -> headers.put("Retry-After", Long.toString(wait.toSeconds())));
        headers.put(HttpHeader.CONTENT_TYPE, Problem.MEDIA_TYPE);
        headers.put(HttpHeader.CONTENT_LENGTH, body.length);
        // Where one request was malformed, where the next begins is not known.
        headers.put(HttpHeader.CONNECTION, "close");
        return body;
    }
}
