package dev.hufu.server.http;

import dev.hufu.protocol.ErrorKind;
import dev.hufu.server.http.json.Json;
import dev.hufu.server.run.Refusal;
import java.util.List;

/** An error as RFC 9457 has it. */
record Problem(ErrorKind kind, int status, String detail, List<Refusal.FieldError> errors) {
    static final String MEDIA_TYPE = "application/problem+json";

    private static final String TYPE_PREFIX = "urn:hufu:problem:";

    static Problem of(ErrorKind kind, String detail) {
        return new Problem(kind, ErrorMapper.status(kind), detail, List.of());
    }

    byte[] toJson(String traceId) {
        return Json.write(generator -> {
            generator.writeStartObject();
            generator.writeStringProperty("type", TYPE_PREFIX + kind.code());
            generator.writeStringProperty("title", kind.title());
            generator.writeNumberProperty("status", status);
            generator.writeStringProperty("detail", detail);
            generator.writeStringProperty("traceId", traceId);
            if (!errors.isEmpty()) {
                generator.writeArrayPropertyStart("errors");
                for (Refusal.FieldError error : errors) {
                    generator.writeStartObject();
                    generator.writeStringProperty("pointer", error.pointer());
                    generator.writeStringProperty("detail", error.detail());
                    generator.writeEndObject();
                }
                generator.writeEndArray();
            }
            generator.writeEndObject();
        });
    }
}
