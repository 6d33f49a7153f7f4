package dev.hufu.server.audit;

import dev.hufu.protocol.codec.RecordCodec;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Objects;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/**
 * What the server swears to of its audit log: that the entry with this sequence had this hash, and so everything before it was
 * as it was. One JSON object a line.
 *
 * @param at when it was signed
 * @param key the id of the key that signed it
 * @param signature Ed25519, in hexadecimal digits
 */
public record Checkpoint(long sequence, String hash, Instant at, String key, String signature) {
    private static final String FORMAT = "hufu-checkpoint-1";
    private static final JsonFactory FACTORY = new JsonFactory();

    /** The line's fields, by their names. */
    record Fields(long sequence, String hash, String at, String key, String signature) {
        Fields {
            Objects.requireNonNull(hash);
            Objects.requireNonNull(at);
            Objects.requireNonNull(key);
            Objects.requireNonNull(signature);
        }
    }

    /** Without the line's end. */
    public byte[] line() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(384);
        try (JsonGenerator line = FACTORY.createGenerator(ObjectWriteContext.empty(), bytes)) {
            line.writeStartObject();
            line.writeNumberProperty("sequence", sequence);
            line.writeStringProperty("hash", hash);
            line.writeStringProperty("at", at.toString());
            line.writeStringProperty("key", key);
            line.writeStringProperty("signature", signature);
            line.writeEndObject();
        }
        return bytes.toByteArray();
    }

    /** @throws IllegalArgumentException where the line is no checkpoint; whether it is a true one is for its key to say */
    public static Checkpoint read(byte[] line) {
        Fields fields = RecordCodec.json().decode(line, Fields.class);
        try {
            return new Checkpoint(
                    fields.sequence(), fields.hash(), Instant.parse(fields.at()), fields.key(), fields.signature());
        } catch (DateTimeException noTime) {
            throw new IllegalArgumentException("not a time", noTime);
        }
    }

    /** What the signature is over, with lengths in front, so that no two checkpoints give the same bytes. */
    byte[] signed() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(160);
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            text(out, FORMAT);
            out.writeLong(sequence);
            text(out, hash);
            out.writeLong(at.getEpochSecond());
            out.writeInt(at.getNano());
            text(out, key);
        } catch (IOException impossible) {
            throw new UncheckedIOException("memory does not fail", impossible);
        }
        return bytes.toByteArray();
    }

    private static void text(DataOutputStream out, String text) throws IOException {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        out.writeInt(utf8.length);
        out.write(utf8);
    }
}
