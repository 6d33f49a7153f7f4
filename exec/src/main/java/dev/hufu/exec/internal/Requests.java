package dev.hufu.exec.internal;

import dev.hufu.exec.Errno;
import dev.hufu.exec.ExitStatus.LaunchFailed;
import dev.hufu.exec.LaunchStage;
import dev.hufu.exec.OutputPolicy;
import dev.hufu.exec.ProcessSpec;
import dev.hufu.exec.Program;
import dev.hufu.exec.StopPolicy;
import dev.hufu.exec.internal.confine.Confinement;
import dev.hufu.exec.internal.confine.GroupPlan;
import java.nio.BufferOverflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Encodes the frames that go to the launcher and to supervisors. */
final class Requests {
    private static final int LAUNCH_FIXED = 96;
    private static final int GROUPS_MAXIMUM = 32 << 10;
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);
    private static final String SCRIPT_NAME = "/dev/fd/3";

    private Requests() {}

    /** A request that no process can be started from; it fails as the system would have failed it. */
    static final class UnlaunchableException extends Exception {
        private final int errno;
        private final LaunchStage stage;

        UnlaunchableException(int errno, String what) {
            this(errno, LaunchStage.REQUEST, what);
        }

        UnlaunchableException(int errno, LaunchStage stage, String what) {
            super(what);
            this.errno = errno;
            this.stage = stage;
        }

        LaunchFailed status() {
            return new LaunchFailed(errno, stage);
        }
    }

    static ByteBuffer launch(ProcessSpec spec, Path controlSocket, Confinement.Plan plan) throws UnlaunchableException {
        if (spec.outputLimit() > Protocol.MAX_OUTPUT_LIMIT) {
            throw new UnlaunchableException(Errno.EFBIG, "output limit above 1 TiB");
        }
        requireMarkerInEnvironment(spec);
        byte[] script = new byte[0];
        List<String> argv;
        int flags = flag(spec.outputPolicy()) | (spec.allowPrivilegeGain() ? Protocol.ALLOW_PRIVILEGE_GAIN : 0);
        switch (spec.program()) {
            case Program.CommandLine(List<String> words) -> argv = words;
            case Program.Script(String text, List<String> interpreter, List<String> arguments) -> {
                flags |= Protocol.SCRIPT_PRESENT;
                script = encode(text);
                argv = new ArrayList<>(interpreter);
                argv.add(SCRIPT_NAME);
                argv.addAll(arguments);
            }
        }
        List<byte[]> head = List.of(
                text(PathBytes.of(spec.attemptFile())),
                text(PathBytes.of(controlSocket)),
                text(PathBytes.of(spec.workingDirectory())),
                text(encode(spec.marker())),
                text(encode(spec.user() == null ? "" : spec.user())));
        ByteBuffer groups = groups(plan.groups());
        List<byte[]> blobs = List.of(spec.metadata(), spec.stdin(), script);
        List<byte[]> words = new ArrayList<>(argv.size() + spec.environment().size());
        for (String word : argv) {
            words.add(text(encode(word)));
        }
        for (Map.Entry<String, String> entry : spec.environment().entrySet()) {
            words.add(text(encode(entry(entry))));
        }

        long payload = LAUNCH_FIXED + sizeOf(head) + groups.remaining() + sizeOf(blobs) + sizeOf(words);
        if (payload > Protocol.MAX_REQUEST - Protocol.FRAME_HEADER) {
            throw new UnlaunchableException(Errno.E2BIG, "request above 64 MiB");
        }
        ByteBuffer frame = frame(Protocol.LAUNCH, (int) payload)
                .putInt(Protocol.REQUEST_VERSION)
                .putInt(flags)
                .putLong(spec.outputLimit())
                .putLong(spec.timeout() == null ? 0 : nanos(spec.timeout()))
                .putLong(nanos(spec.killGrace()))
                .putLong(nanos(spec.drainGrace()))
                .putLong(spec.notAfter() == null ? 0 : realtime(spec.notAfter()))
                .putInt(argv.size())
                .putInt(spec.environment().size())
                .putLong(plan.data())
                .putLong(plan.processes())
                .putLong(plan.descriptors())
                .putInt(plan.groups().names().version())
                .putInt(plan.groups().names().directories().size())
                .putInt(plan.groups().settings().size())
                .putInt(plan.groups().events().size());
        put(frame, head);
        frame.put(groups.duplicate());
        put(frame, blobs);
        put(frame, words);
        return frame.flip();
    }

    private static ByteBuffer groups(GroupPlan plan) throws UnlaunchableException {
        if (plan.names().directories().isEmpty()
                && plan.settings().isEmpty()
                && plan.events().isEmpty()) {
            return NOTHING;
        }
        ByteBuffer part = ByteBuffer.allocate(GROUPS_MAXIMUM).order(ByteOrder.LITTLE_ENDIAN);
        try {
            for (String directory : plan.names().directories()) {
                put(part, directory);
            }
            for (GroupPlan.Setting setting : plan.settings()) {
                part.putInt(setting.needed() ? 1 : 0);
                put(part, setting.file());
                put(part, setting.value());
            }
            for (GroupPlan.Event event : plan.events()) {
                part.putInt(StopCauses.number(event.cause()));
                put(part, event.file());
                put(part, event.key());
            }
        } catch (BufferOverflowException e) {
            throw new UnlaunchableException(Errno.ENAMETOOLONG, LaunchStage.LIMITS, "control groups' names");
        }
        return part.flip();
    }

    private static void put(ByteBuffer part, String name) throws UnlaunchableException {
        byte[] bytes = text(encode(name));
        part.putInt(bytes.length).put(bytes);
    }

    private static int flag(OutputPolicy policy) {
        return switch (policy) {
            case TRUNCATE -> 0;
            case KILL -> Protocol.OUTPUT_KILL;
            case BLOCK -> Protocol.OUTPUT_BLOCK;
        };
    }

    static ByteBuffer stop(StopPolicy policy) {
        return frame(Protocol.STOP, 12)
                .putInt(StopCauses.number(policy.cause()))
                .putLong(nanos(policy.grace()))
                .flip();
    }

    static ByteBuffer signal(int signal, boolean wholeTree) {
        return frame(Protocol.SIGNAL, 8)
                .putInt(signal)
                .putInt(wholeTree ? 1 : 0)
                .flip();
    }

    static ByteBuffer consumed(long stdout, long stderr) {
        return frame(Protocol.CONSUMED, 16).putLong(stdout).putLong(stderr).flip();
    }

    static ByteBuffer attach() {
        return frame(Protocol.ATTACH, 0).flip();
    }

    static ByteBuffer sweep(String marker, AttemptHeader.Target main, GroupPlan.Names groups) {
        List<byte[]> names = new ArrayList<>();
        for (String directory : groups.directories()) {
            names.add(terminated(directory));
        }
        List<byte[]> first = List.of(terminated(marker));
        ByteBuffer frame =
                frame(Protocol.SWEEP, (int) (sizeOf(first) + 2 * Long.BYTES + 2 * Integer.BYTES + sizeOf(names)));
        put(frame, first);
        frame.putLong(main.pid())
                .putLong(main.startTicks())
                .putInt(groups.version())
                .putInt(names.size());
        put(frame, names);
        return frame.flip();
    }

    private static byte[] terminated(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return Arrays.copyOf(bytes, bytes.length + 1);
    }

    private static void requireMarkerInEnvironment(ProcessSpec spec) {
        String marker = spec.marker();
        int equals = marker.indexOf('=');
        if (!marker.isEmpty()
                && (equals < 1
                        || !marker.substring(equals + 1)
                                .equals(spec.environment().get(marker.substring(0, equals))))) {
            throw new IllegalArgumentException("the marker is no entry of the environment");
        }
    }

    private static String entry(Map.Entry<String, String> entry) throws UnlaunchableException {
        if (entry.getKey().isEmpty() || entry.getKey().indexOf('=') >= 0) {
            throw new UnlaunchableException(Errno.EINVAL, "name of an environment entry");
        }
        return entry.getKey() + '=' + entry.getValue();
    }

    /** UTF-8, strictly: a replacement character would not be what the caller said. */
    private static byte[] encode(String text) throws UnlaunchableException {
        try {
            ByteBuffer encoded = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
            byte[] bytes = new byte[encoded.remaining()];
            encoded.get(bytes);
            return bytes;
        } catch (CharacterCodingException e) {
            throw new UnlaunchableException(Errno.EINVAL, "text that is not Unicode");
        }
    }

    private static byte[] text(byte[] bytes) throws UnlaunchableException {
        byte[] terminated = new byte[bytes.length + 1];
        for (int at = 0; at < bytes.length; at++) {
            if (bytes[at] == 0) {
                throw new UnlaunchableException(Errno.EINVAL, "text with a NUL");
            }
            terminated[at] = bytes[at];
        }
        return terminated;
    }

    private static long sizeOf(List<byte[]> parts) {
        long size = 0;
        for (byte[] part : parts) {
            size += Integer.BYTES + part.length;
        }
        return size;
    }

    private static void put(ByteBuffer frame, List<byte[]> parts) {
        for (byte[] part : parts) {
            frame.putInt(part.length).put(part);
        }
    }

    private static ByteBuffer frame(int type, int payload) {
        return ByteBuffer.allocate(Protocol.FRAME_HEADER + payload)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(Protocol.FRAME_HEADER - Protocol.FRAME_PREFIX + payload)
                .putShort((short) type)
                .putShort((short) 0);
    }

    /** Never 0, which stands for no moment at all; one before 1970 is as much in the past as one just behind it. */
    private static long realtime(Instant moment) {
        return moment.isAfter(Instant.EPOCH) ? nanos(Duration.between(Instant.EPOCH, moment)) : 1;
    }

    /** Half of what fits, so that the other side can add it to a clock. */
    private static long nanos(Duration duration) {
        Duration longest = Duration.ofNanos(Long.MAX_VALUE / 2);
        return duration.compareTo(longest) > 0 ? longest.toNanos() : duration.toNanos();
    }
}
