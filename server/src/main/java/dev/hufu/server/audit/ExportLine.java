package dev.hufu.server.audit;

import dev.hufu.protocol.codec.RecordCodec;
import java.io.ByteArrayOutputStream;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/** An entry as a line of an export: one JSON object, with times to the nanosecond, from which its hash can be computed again. */
public final class ExportLine {
    private static final JsonFactory FACTORY = new JsonFactory();

    private ExportLine() {}

    /** The line's fields, by their names. */
    record Fields(
            long sequence,
            String at,
            String actor,
            String action,
            String subject,
            Map<String, String> detail,
            String previousHash,
            String hash) {
        Fields {
            Objects.requireNonNull(at);
            Objects.requireNonNull(actor);
            Objects.requireNonNull(action);
            Objects.requireNonNull(subject);
            Objects.requireNonNull(previousHash);
            Objects.requireNonNull(hash);
            detail = Map.copyOf(detail);
        }
    }

    /** Without the line's end. */
    public static byte[] write(HashChain.Link link) {
        HashChain.Content content = link.content();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(512);
        try (JsonGenerator line = FACTORY.createGenerator(ObjectWriteContext.empty(), bytes)) {
            line.writeStartObject();
            line.writeNumberProperty("sequence", content.sequence());
            line.writeStringProperty("at", content.at().toString());
            line.writeStringProperty("actor", content.actor());
            line.writeStringProperty("action", content.action());
            line.writeStringProperty("subject", content.subject());
            line.writeObjectPropertyStart("detail");
            new TreeMap<>(content.detail()).forEach(line::writeStringProperty);
            line.writeEndObject();
            line.writeStringProperty("previousHash", link.previousHash());
            line.writeStringProperty("hash", link.hash());
            line.writeEndObject();
        }
        return bytes.toByteArray();
    }

    /** @throws IllegalArgumentException where the line is no entry */
    public static HashChain.Link read(byte[] line) {
        Fields fields = RecordCodec.json().decode(line, Fields.class);
        try {
            return new HashChain.Link(
                    new HashChain.Content(
                            fields.sequence(),
                            Instant.parse(fields.at()),
                            fields.actor(),
                            fields.action(),
                            fields.subject(),
                            fields.detail()),
                    fields.previousHash(),
                    fields.hash());
        } catch (DateTimeException noTime) {
            throw new IllegalArgumentException("not a time", noTime);
        }
    }
}
