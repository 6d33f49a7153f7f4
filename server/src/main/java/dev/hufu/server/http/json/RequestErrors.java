package dev.hufu.server.http.json;

import dev.hufu.protocol.ErrorKind;
import dev.hufu.server.run.Refusal;
import java.util.ArrayList;
import java.util.List;

/** What is wrong with one request: all of it, but no more than a reader could use. Not for several threads. */
public final class RequestErrors {
    private static final int MAXIMUM_SHOWN = 100;

    private final List<Refusal.FieldError> shown = new ArrayList<>();
    private int total;

    public void add(String pointer, String detail) {
        total++;
        if (shown.size() < MAXIMUM_SHOWN) {
            shown.add(new Refusal.FieldError(pointer, detail));
        }
    }

    public boolean isEmpty() {
        return total == 0;
    }

    public void throwIfAny() {
        if (total > 0) {
            throw refusal();
        }
    }

    public Refusal refusal() {
        String detail = total == 1
                ? "The request is wrong at \"" + shown.getFirst().pointer() + "\": "
                        + shown.getFirst().detail() + "."
                : "The request is wrong in " + total + " places"
                        + (total > shown.size() ? ", of which the first " + shown.size() + " are named." : ".");
        return new Refusal(ErrorKind.INVALID_REQUEST, detail, shown);
    }
}
