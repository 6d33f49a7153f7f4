package dev.hufu.protocol.codec;

import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.hufu.protocol.AgentMessage;
import dev.hufu.protocol.Bytes;
import dev.hufu.protocol.Execution;
import dev.hufu.protocol.Outcome;
import dev.hufu.protocol.Reason;
import dev.hufu.protocol.RunId;
import dev.hufu.protocol.ServerMessage;
import dev.hufu.protocol.TaskId;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.SerializationContext;
import tools.jackson.databind.cfg.MapperBuilder;
import tools.jackson.databind.deser.std.StdDeserializer;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.jsontype.NamedType;
import tools.jackson.databind.module.SimpleModule;
import tools.jackson.databind.ser.std.StdSerializer;
import tools.jackson.databind.ser.std.ToStringSerializer;
import tools.jackson.dataformat.cbor.CBORFactory;
import tools.jackson.dataformat.cbor.CBORMapper;

/**
 * The records of this package's parent as bytes: CBOR between server and agent, JSON where a person may read them (store,
 * journal). Unknown or missing properties, duplicate keys and trailing bytes are refused. Immutable and thread-safe.
 */
public final class RecordCodec {
    private static final int MAXIMUM_STRING = 64 << 20;

    private static final RecordCodec CBOR = new RecordCodec(configured(CBORMapper.builder(
            CBORFactory.builder().streamReadConstraints(constraints()).build())));
    private static final RecordCodec JSON = new RecordCodec(configured(JsonMapper.builder(
            JsonFactory.builder().streamReadConstraints(constraints()).build())));

    private final ObjectMapper mapper;

    private RecordCodec(ObjectMapper mapper) {
        this.mapper = mapper;
    }

    public static RecordCodec cbor() {
        return CBOR;
    }

    public static RecordCodec json() {
        return JSON;
    }

    public byte[] encode(Object value) {
        return mapper.writeValueAsBytes(value);
    }

    /** @throws IllegalArgumentException when the bytes are not exactly one such value */
    public <T> T decode(byte[] bytes, Class<T> type) {
        try {
            return mapper.readValue(bytes, type);
        } catch (JacksonException malformed) {
            throw new IllegalArgumentException("not a " + type.getSimpleName(), malformed);
        }
    }

    private static StreamReadConstraints constraints() {
        return StreamReadConstraints.builder()
                .maxNestingDepth(32)
                .maxStringLength(MAXIMUM_STRING)
                .build();
    }

    private static ObjectMapper configured(MapperBuilder<? extends ObjectMapper, ?> builder) {
        SimpleModule ids = new SimpleModule("hufu-ids");
        ids.addSerializer(RunId.class, ToStringSerializer.instance);
        ids.addSerializer(TaskId.class, ToStringSerializer.instance);
        ids.addDeserializer(RunId.class, new FromText<>(RunId.class) {
            @Override
            RunId of(String text) {
                return new RunId(text);
            }
        });
        ids.addDeserializer(TaskId.class, new FromText<>(TaskId.class) {
            @Override
            TaskId of(String text) {
                return TaskId.parse(text).orElseThrow(() -> new IllegalArgumentException("not a task id"));
            }
        });
        ids.addDeserializer(Reason.class, new FromText<>(Reason.class) {
            @Override
            Reason of(String text) {
                return Reason.of(text);
            }
        });
        ids.addSerializer(Reason.class, new ReasonSerializer());
        ids.addSerializer(Bytes.class, new BytesSerializer());
        ids.addDeserializer(Bytes.class, new BytesDeserializer());
        builder.addModule(ids);
        for (Class<?> family :
                new Class<?>[] {AgentMessage.class, ServerMessage.class, Execution.class, Outcome.Ending.class}) {
            builder.addMixIn(family, Tagged.class);
            for (Class<?> member : family.getPermittedSubclasses()) {
                builder.registerSubtypes(new NamedType(member, member.getSimpleName()));
            }
        }
        return builder.enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
                .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
                .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                .build();
    }

    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "is")
    private interface Tagged {}

    private static final class ReasonSerializer extends StdSerializer<Reason> {
        ReasonSerializer() {
            super(Reason.class);
        }

        @Override
        public void serialize(Reason value, JsonGenerator generator, SerializationContext context) {
            generator.writeString(value.word());
        }
    }

    private static final class BytesSerializer extends StdSerializer<Bytes> {
        BytesSerializer() {
            super(Bytes.class);
        }

        @Override
        public void serialize(Bytes value, JsonGenerator generator, SerializationContext context) {
            generator.writeBinary(value.toArray());
        }
    }

    private static final class BytesDeserializer extends StdDeserializer<Bytes> {
        BytesDeserializer() {
            super(Bytes.class);
        }

        @Override
        public Bytes deserialize(JsonParser parser, DeserializationContext context) {
            return Bytes.of(parser.getBinaryValue());
        }
    }

    private abstract static class FromText<T> extends StdDeserializer<T> {
        FromText(Class<T> type) {
            super(type);
        }

        abstract T of(String text);

        @Override
        public T deserialize(JsonParser parser, DeserializationContext context) {
            String text = parser.getValueAsString();
            try {
                return of(text == null ? "" : text);
            } catch (IllegalArgumentException malformed) {
                return context.reportInputMismatch(this, malformed.getMessage());
            }
        }
    }
}
