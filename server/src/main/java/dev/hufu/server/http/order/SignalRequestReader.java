package dev.hufu.server.http.order;

import dev.hufu.protocol.SignalName;
import dev.hufu.server.http.json.Json;
import dev.hufu.server.http.json.JsonInput;
import dev.hufu.server.http.json.RequestErrors;
import dev.hufu.server.http.json.TextRules;
import org.jspecify.annotations.Nullable;

/** One request to send a signal, strictly read. For one body; not for several threads. */
public final class SignalRequestReader {
    private final RequestErrors errors = new RequestErrors();
    private boolean signalGiven;
    private @Nullable SignalName signal;
    private boolean wholeTree;

    private SignalRequestReader() {}

    /** Which signal, and to whom: every process of the task, or the main one only. */
    public record SignalRequest(SignalName signal, boolean wholeTree) {}

    /** @throws dev.hufu.server.run.Refusal naming everything that is wrong */
    public static SignalRequest read(byte[] body) {
        SignalRequestReader reader = new SignalRequestReader();
        boolean whole = JsonInput.read(body, reader.errors, reader::field);
        if (whole && !reader.signalGiven) {
            reader.errors.add("/signal", "is missing");
        }
        SignalName signal = reader.signal;
        if (signal == null || !reader.errors.isEmpty()) {
            throw reader.errors.refusal();
        }
        return new SignalRequest(signal, reader.wholeTree);
    }

    private void field(JsonInput input, String name) {
        switch (name) {
            case "signal" -> {
                signalGiven = true;
                String word = input.string("/signal", TextRules::data);
                signal = word == null ? null : SignalName.of(word).orElse(null);
                if (word != null && signal == null) {
                    errors.add("/signal", "must be the name of a signal, as in \"SIGHUP\" or \"SIGRTMIN+1\"");
                }
            }
            case "wholeTree" -> {
                Boolean given = input.flag("/wholeTree");
                wholeTree = given != null && given;
            }
            default -> input.unknown("/" + Json.pointerSegment(name));
        }
    }
}
