package dev.hufu.cli;

import dev.hufu.cli.terminal.Surroundings;
import dev.hufu.client.HufuException;
import dev.hufu.protocol.ErrorKind;
import java.io.IOException;
import java.net.URI;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.function.Supplier;

/** Says what went wrong, and what to do about it; the verbs let errors through to here. */
final class Complaints {
    private final Surroundings surroundings;
    private final Supplier<URI> address;

    Complaints(Surroundings surroundings, Supplier<URI> address) {
        this.surroundings = surroundings;
        this.address = address;
    }

    void complain(Exception failure) {
        switch (failure) {
            case HufuException.Refused refused -> refused(refused);
            case HufuException.Unreachable unreachable -> unreachable(unreachable);
            case HufuException.Unintelligible strange -> surroundings.say(message(strange));
            case CannotException cannot -> surroundings.say(message(cannot));
            case IOException broken -> surroundings.say(reason(broken));
            default -> {
                surroundings.say("a fault of this program:");
                failure.printStackTrace(surroundings.stderr().printer());
            }
        }
    }

    /** Something that was asked cannot be done, by a reason on this side; its message says all. */
    static final class CannotException extends RuntimeException {
        CannotException(String message) {
            super(message);
        }
    }

    private void refused(HufuException.Refused refused) {
        StringBuilder text = new StringBuilder(refused.detail());
        refused.traceId()
                .ifPresent(trace -> text.append(" (trace ").append(trace).append(")"));
        surroundings.say(text.toString());
        for (HufuException.FieldError error : refused.errors()) {
            // The detail quotes a mistake that is the only one.
            if (!refused.detail().contains(error.pointer()) || !refused.detail().contains(error.detail())) {
                surroundings.say("  " + error.pointer() + ": " + error.detail());
            }
        }
        ErrorKind kind = refused.kind().orElse(null);
        if (kind == ErrorKind.UNAUTHENTICATED) {
            surroundings.say(whereTokensAre());
        } else if (kind == ErrorKind.FORBIDDEN) {
            surroundings.say("the token is known, but is not allowed to do this: ask who runs the server");
        } else if (kind == ErrorKind.QUEUE_FULL || kind == ErrorKind.RATE_LIMITED) {
            surroundings.say("the server is busy: try again later, or with less at once");
        } else if (kind == ErrorKind.NOT_FOUND) {
            surroundings.say("'hufu runs' lists the runs that this server knows");
        } else if (kind == ErrorKind.PAYLOAD_TOO_LARGE) {
            surroundings.say("command, environment, script and --stdin travel in one request, which the server bounds"
                    + " (1 MiB by default): have the command read large input from a file");
        }
    }

    private String whereTokensAre() {
        if (!surroundings.env().getOrDefault("HUFU_TOKEN", "").isEmpty()) {
            return "HUFU_TOKEN is set, and is not a token of that server";
        }
        return Access.local(address.get())
                ? "set HUFU_TOKEN, or HUFU_DATA to the server's data directory; looked in "
                        + Access.tokenFile(surroundings.env())
                : "set HUFU_TOKEN to a token of that server";
    }

    private void unreachable(HufuException unreachable) {
        surroundings.say(message(unreachable));
        if (Access.local(address.get())) {
            surroundings.say("is a server running? 'hufu server' starts one");
        }
    }

    /** Of files, too, whose exceptions often have nothing but a name as their message. */
    static String reason(IOException failure) {
        return switch (failure) {
            case NoSuchFileException absent -> absent.getFile() + ": no such file";
            case AccessDeniedException denied -> denied.getFile() + ": permission denied";
            default -> message(failure);
        };
    }

    private static String message(Exception failure) {
        return failure.getMessage() == null ? failure.getClass().getSimpleName() : failure.getMessage();
    }
}
