package dev.hufu.server.http;

import dev.hufu.protocol.ErrorKind;
import dev.hufu.server.auth.Caller;
import dev.hufu.server.auth.Permission;
import dev.hufu.server.auth.Tokens;
import dev.hufu.server.run.Refusal;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The one gate that every request passes: who calls, and may they. Thread-safe. */
final class Gate {
    private static final String SCHEME = "Bearer ";

    private final Tokens tokens;
    private final FailedLogins failedLogins;

    Gate(Tokens tokens, FailedLogins failedLogins) {
        this.tokens = tokens;
        this.failedLogins = failedLogins;
    }

    /** Lets a request in, or throws the same for every kind of wrong credentials. */
    void admit(Exchange exchange, Permission permission) {
        if (permission == Permission.PUBLIC) {
            return;
        }
        String header = exchange.header("Authorization");
        Optional<Caller> caller = caller(header);
        if (caller.isEmpty()) {
            failedLogins.record(exchange.remoteAddress(), header != null);
            exchange.header("WWW-Authenticate", "Bearer realm=\"hufu\"");
            throw new Refusal(
                    ErrorKind.UNAUTHENTICATED, "Send the token as \"Authorization: Bearer\"; none that is valid came.");
        }
        if (!caller.get().may(permission)) {
            throw new Refusal(ErrorKind.FORBIDDEN, "This caller may not do this.");
        }
        exchange.admitted(caller.get());
    }

    private Optional<Caller> caller(@Nullable String header) {
        return header != null && header.regionMatches(true, 0, SCHEME, 0, SCHEME.length())
                ? tokens.caller(header.substring(SCHEME.length()).strip())
                : Optional.empty();
    }
}
