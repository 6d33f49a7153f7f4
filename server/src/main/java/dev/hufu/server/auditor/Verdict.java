package dev.hufu.server.auditor;

import dev.hufu.server.audit.ChainCheck;
import dev.hufu.server.http.json.Json;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What was found of an audit log, for a reader or a program. Pure.
 *
 * @param source what was read
 * @param checkpoints what it was held against; null where there was nothing
 * @param problems what is wrong beside the chain: lines that are no checkpoints, or signed by nobody who is known
 */
record Verdict(
        String source,
        ChainCheck.Findings findings,
        @Nullable String checkpoints,
        int checkpointCount,
        List<String> problems) {
    Verdict {
        problems = List.copyOf(problems);
    }

    boolean whole() {
        return findings.whole() && problems.isEmpty();
    }

    String text() {
        StringBuilder text = new StringBuilder();
        if (findings.whole()) {
            text.append(
                    findings.entries() == 0
                            ? "no entries: " + source + " has none\n"
                            : "whole: entries " + findings.first() + " to " + findings.last() + " of " + source
                                    + " continue each other\n");
        } else {
            ChainCheck.Break broken = findings.broken().orElseThrow();
            text.append("broken at entry ")
                    .append(broken.sequence())
                    .append(" of ")
                    .append(source)
                    .append(" (")
                    .append(broken.how().word())
                    .append("): ")
                    .append(broken.explanation())
                    .append('\n');
        }
        problems.forEach(problem -> text.append("problem: ").append(problem).append('\n'));
        if (checkpoints == null) {
            text.append(
                    "checkpoints: none were given, so that an end which was cut off, or a log that was rewritten as a"
                            + " whole, does not show\n");
        } else {
            text.append("checkpoints: ")
                    .append(findings.held())
                    .append(" of ")
                    .append(checkpointCount)
                    .append(" in ")
                    .append(checkpoints)
                    .append(" agree")
                    .append(findings.held() == 0 ? "" : ", the last with entry " + findings.lastHeld())
                    .append('\n');
        }
        return safe(text.toString());
    }

    String json() {
        return new String(
                Json.write(generator -> {
                    generator.writeStartObject();
                    generator.writeBooleanProperty("whole", whole());
                    generator.writeStringProperty("source", source);
                    generator.writeNumberProperty("entries", findings.entries());
                    generator.writeNumberProperty("first", findings.first());
                    generator.writeNumberProperty("last", findings.last());
                    generator.writeName("broken");
                    if (findings.broken().isPresent()) {
                        ChainCheck.Break broken = findings.broken().get();
                        generator.writeStartObject();
                        generator.writeNumberProperty("sequence", broken.sequence());
                        generator.writeNumberProperty("since", broken.since());
                        generator.writeStringProperty("how", broken.how().word());
                        generator.writeStringProperty("explanation", broken.explanation());
                        generator.writeEndObject();
                    } else {
                        generator.writeNull();
                    }
                    generator.writeName("checkpoints");
                    if (checkpoints == null) {
                        generator.writeNull();
                    } else {
                        generator.writeStartObject();
                        generator.writeStringProperty("source", checkpoints);
                        generator.writeNumberProperty("given", checkpointCount);
                        generator.writeNumberProperty("agree", findings.held());
                        generator.writeNumberProperty("last", findings.lastHeld());
                        generator.writeEndObject();
                    }
                    generator.writeArrayPropertyStart("problems");
                    problems.forEach(generator::writeString);
                    generator.writeEndArray();
                    generator.writeEndObject();
                }),
                StandardCharsets.UTF_8);
    }

    /** Paths and entries come from elsewhere, and must not steer a terminal. */
    private static String safe(String text) {
        return text.codePoints()
                .mapToObj(each -> Character.isISOControl(each) && each != '\n'
                        ? String.format("\\u%04x", each)
                        : Character.toString(each))
                .reduce("", String::concat);
    }
}
