package dev.hufu.server.http;

import dev.hufu.protocol.ErrorKind;

/** Hears of requests. Called on the request's thread: returns at once, and throws nothing. */
public interface RequestListener {
    RequestListener NONE = new RequestListener() {
        @Override
        public void answered(String method, String route, int status, long nanos) {}

        @Override
        public void refused(ErrorKind kind) {}

        @Override
        public void loginFailed(boolean credentialsGiven) {}

        @Override
        public void streams(Stream kind, int change) {}
    };

    /** The route of requests that found none. */
    String NO_ROUTE = "none";

    /** An answer that goes on for as long as what it tells of. */
    enum Stream {
        OUTPUT,
        EVENTS,
        EXEC
    }

    /**
     * A request was answered, as far as the server is concerned.
     *
     * @param route the template it matched, never its path
     */
    void answered(String method, String route, int status, long nanos);

    void refused(ErrorKind kind);

    void loginFailed(boolean credentialsGiven);

    /** A stream was opened (1) or has ended (−1). */
    void streams(Stream kind, int change);
}
