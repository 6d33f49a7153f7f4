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

/** What Jetty refuses before a route sees it, answered as a problem like everything else. Thread-safe. */
final class JettyErrors extends ErrorHandler {
    @Override
    public boolean errorPageForMethod(String method) {
        return true;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        // An id that would be another after decoding names nothing; that is all its sender needs to know.
        int status = request.getHttpURI().hasViolations() ? 404 : response.getStatus();
        TraceContext trace = TraceContext.continuing(request.getHeaders().get(TraceContext.HEADER));
        response.setStatus(status);
        byte[] body = body(status, trace, response.getHeaders());
        response.write(true, ByteBuffer.wrap(body), callback);
        return true;
    }

    private static byte[] body(int status, TraceContext trace, HttpFields.Mutable headers) {
        Problem problem = ErrorMapper.problem(status);
        byte[] body = problem.toJson(trace.traceId());
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
