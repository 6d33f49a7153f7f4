package dev.hufu.server.doctor;

import dev.hufu.server.http.json.Json;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;

/** What was found, for a reader or a program. Pure. */
final class Report {
    private static final int NAME = 17;
    private static final int WIDTH = 100;
    private static final String INDENT = " ".repeat(8 + NAME);

    private final List<Finding> findings;

    Report(List<Finding> findings) {
        this.findings = List.copyOf(findings);
    }

    /** Whether all is there. */
    boolean healthy() {
        return findings.stream()
                .allMatch(each -> each.state() == Finding.State.OK || each.state() == Finding.State.NOTE);
    }

    String json() {
        return new String(
                Json.write(generator -> {
                    generator.writeStartObject();
                    generator.writeBooleanProperty("healthy", healthy());
                    generator.writeArrayPropertyStart("findings");
                    for (Finding each : findings) {
                        generator.writeStartObject();
                        generator.writeStringProperty("name", each.name());
                        generator.writeStringProperty("state", word(each.state()));
                        generator.writeStringProperty("found", each.found());
                        Json.text(generator, "follows", each.follows());
                        generator.writeEndObject();
                    }
                    generator.writeEndArray();
                    generator.writeEndObject();
                }),
                StandardCharsets.UTF_8);
    }

    String text() {
        StringBuilder text = new StringBuilder();
        for (Finding each : findings) {
            text.append("%-8s%-17s".formatted(word(each.state()), each.name()));
            fold(text, safe(each.found()));
            if (each.follows() != null) {
                text.append(INDENT);
                fold(text, "→ " + safe(each.follows()));
            }
        }
        long weaker = count(Finding.State.WEAKER);
        long broken = count(Finding.State.BROKEN);
        text.append('\n')
                .append(
                        broken > 0
                                ? "Hufu does not work on this machine as it is: see what is broken."
                                : weaker > 0
                                        ? "Hufu works on this machine, without what is weaker."
                                        : "Hufu works on this machine with all that it has.")
                .append('\n');
        return text.toString();
    }

    private long count(Finding.State state) {
        return findings.stream().filter(each -> each.state() == state).count();
    }

    private static void fold(StringBuilder text, String words) {
        int at = INDENT.length();
        boolean first = true;
        for (String word : words.split(" ", -1)) {
            if (!first && at + 1 + word.length() > WIDTH) {
                text.append('\n').append(INDENT);
                at = INDENT.length();
                first = true;
            }
            text.append(first ? "" : " ").append(word);
            at += word.length() + (first ? 0 : 1);
            first = false;
        }
        text.append('\n');
    }

    /** Paths and messages come from elsewhere, and must not steer a terminal. */
    private static String safe(String text) {
        return text.codePoints()
                .mapToObj(each ->
                        Character.isISOControl(each) ? String.format("\\u%04x", each) : Character.toString(each))
                .reduce("", String::concat);
    }

    private static String word(Finding.State state) {
        return state.name().toLowerCase(Locale.ROOT);
    }
}
