package dev.hufu.server.http;

import dev.hufu.protocol.ErrorKind;
import dev.hufu.server.audit.AuditAction;
import dev.hufu.server.auth.Caller;
import dev.hufu.server.auth.Permission;
import dev.hufu.server.auth.Tokens;
import dev.hufu.server.run.Refusal;
import dev.hufu.server.store.AuditEvent;
import dev.hufu.server.store.RunStore;
import dev.hufu.support.Timers;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The one gate that every request passes: who calls, and may they. Thread-safe. */
final class Gate {
    private static final String SCHEME = "Bearer ";
    private static final int LONGEST_PATH = 200;

    private final Tokens tokens;
    private final FailedLogins failedLogins;
    private final RunStore store;
    private final Timers timers;

    Gate(Tokens tokens, RunStore store, Timers timers) {
        this.tokens = tokens;
        this.store = store;
        this.timers = timers;
        failedLogins = new FailedLogins(store, timers);
    }

    /** Nobody is let in any more: what was only counted is put on record. */
    void stop() {
        failedLogins.stop();
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
        refuseForbidden(caller.get(), permission, exchange.method(), exchange.path());
        exchange.admitted(caller.get());
    }

    /** A refusal is on record before it is told. */
    void refuseForbidden(Caller caller, Permission permission, String method, String path) {
        if (caller.may(permission)) {
            return;
        }
        store.record(AuditEvent.of(
                timers.now(),
                caller.name(),
                AuditAction.ACCESS_REFUSED,
                path.length() <= LONGEST_PATH ? path : path.substring(0, LONGEST_PATH),
                Map.of("method", method, "permission", permission.name().toLowerCase(Locale.ROOT))));
        throw new Refusal(ErrorKind.FORBIDDEN, "This caller may not do this.");
    }

    private Optional<Caller> caller(@Nullable String header) {
        return header != null && header.regionMatches(true, 0, SCHEME, 0, SCHEME.length())
                ? tokens.caller(header.substring(SCHEME.length()).strip())
                : Optional.empty();
    }
}
