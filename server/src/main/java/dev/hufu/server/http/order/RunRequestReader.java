package dev.hufu.server.http.order;

import dev.hufu.protocol.Bytes;
import dev.hufu.protocol.Execution;
import dev.hufu.protocol.RunSpec;
import dev.hufu.protocol.RunSpec.OnOutput;
import dev.hufu.server.http.json.Json;
import dev.hufu.server.http.json.JsonInput;
import dev.hufu.server.http.json.RequestErrors;
import dev.hufu.server.http.json.TextRules;
import dev.hufu.server.run.RequestBounds;
import dev.hufu.server.units.Durations;
import dev.hufu.server.units.Sizes;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One request to run something, strictly read: every field that is unknown, doubled, of a wrong type or out of its bounds
 * is named, all of them at once. For one body; not for several threads.
 */
public final class RunRequestReader {
    static final Duration LONGEST = Duration.ofDays(30);

    private static final Duration LONGEST_GRACE = Duration.ofMinutes(10);
    private static final int MAXIMUM_ARGUMENTS = 10_000;
    private static final int MAXIMUM_ENVIRONMENT = 1_000;
    private static final int MAXIMUM_LABELS = 32;
    private static final int LONGEST_LABEL_NAME = 255;
    private static final int LONGEST_LABEL_VALUE = 1_024;
    private static final List<String> DEFAULT_INTERPRETER = List.of("/bin/sh");
    private static final String RESERVED_PREFIX = "HUFU_";
    private static final long HIGHEST_PRIORITY = 10;
    private static final int LONGEST_USER = 256;
    private static final Pattern NUMBERED_USER = Pattern.compile("[0-9]{1,10}(:[0-9]{1,10})?");
    private static final Pattern NAMED_USER = Pattern.compile("[A-Za-z_][A-Za-z0-9_.@\\\\-]*\\$?");

    private final RequestBounds bounds;
    private final RequestErrors errors = new RequestErrors();
    private final Map<String, String> env = new LinkedHashMap<>();
    private final Map<String, String> labels = new LinkedHashMap<>();
    private boolean execGiven;
    private @Nullable Execution exec;
    private @Nullable String cwd;
    private Bytes stdin = Bytes.EMPTY;
    private @Nullable Duration timeout = RunSpec.DEFAULT_TIMEOUT;
    private Duration killGrace = RunSpec.DEFAULT_KILL_GRACE;
    private Duration expiresAfter = RunSpec.DEFAULT_EXPIRES_AFTER;
    private RunSpec.@Nullable Retry retry;
    private long outputLimit = RunSpec.Limits.DEFAULT_OUTPUT;
    private OnOutput onOutput;
    private @Nullable String user;
    private @Nullable Long memory;
    private @Nullable Double cpu;
    private @Nullable Integer pids;
    private @Nullable Integer files;
    private int priority;

    private RunRequestReader(OnOutput defaultOnOutput, RequestBounds bounds) {
        onOutput = defaultOnOutput;
        this.bounds = bounds;
    }

    /**
     * Reads a body.
     *
     * @param defaultOnOutput holds where the request does not say what becomes of too much output
     * @param bounds what it may ask for, and has where it does not
     * @throws dev.hufu.server.run.Refusal naming everything that is wrong
     */
    public static RunSpec read(byte[] body, OnOutput defaultOnOutput, RequestBounds bounds) {
        RunRequestReader reader = new RunRequestReader(defaultOnOutput, bounds);
        boolean whole = JsonInput.read(body, reader.errors, reader::field);
        if (whole && !reader.execGiven) {
            reader.errors.add("/exec", "is missing");
        }
        Execution exec = reader.exec;
        if (exec == null || !reader.errors.isEmpty()) {
            throw reader.errors.refusal();
        }
        return new RunSpec(
                exec,
                reader.env,
                reader.cwd,
                reader.user,
                reader.stdin,
                reader.timeout,
                reader.killGrace,
                reader.expiresAfter,
                reader.retry,
                new RunSpec.Limits(
                        reader.outputLimit,
                        reader.onOutput,
                        bounds.effective(new RunSpec.Resources(reader.memory, reader.cpu, reader.pids, reader.files))),
                reader.priority,
                reader.labels);
    }

    /** The grace that a cancel asks for; null where it leaves that to the run. */
    public static @Nullable Duration readCancel(byte[] body) {
        if (body.length == 0) {
            return null;
        }
        RunRequestReader reader = new RunRequestReader(
                OnOutput.TRUNCATE,
                new RequestBounds(RunSpec.Limits.DEFAULT_OUTPUT, RunSpec.Resources.NONE, RunSpec.Resources.NONE));
        @Nullable Duration[] killGrace = new @Nullable Duration[1];
        JsonInput.read(body, reader.errors, (input, name) -> {
            if (name.equals("killGrace")) {
                killGrace[0] = reader.duration(input, "/killGrace", Duration.ZERO, LONGEST_GRACE, "\"0s\" to 10m");
            } else {
                input.unknown("/" + Json.pointerSegment(name));
            }
        });
        reader.errors.throwIfAny();
        return killGrace[0];
    }

    /** For a request that has no fields: an empty body or an empty object. */
    public static void readNothing(byte[] body) {
        if (body.length == 0) {
            return;
        }
        RequestErrors errors = new RequestErrors();
        JsonInput.read(body, errors, (input, name) -> input.unknown("/" + Json.pointerSegment(name)));
        errors.throwIfAny();
    }

    private void field(JsonInput input, String name) {
        switch (name) {
            case "exec" -> {
                execGiven = true;
                exec = new ExecReader(input, errors).read();
            }
            case "env" -> input.object("/env", variable -> environmentVariable(input, variable));
            case "cwd" -> cwd = input.string("/cwd", RunRequestReader::directoryProblem);
            case "user" -> user = input.string("/user", RunRequestReader::userProblem);
            case "stdin" -> standardInput(input);
            case "timeout" -> timeout(input);
            case "killGrace" -> {
                Duration given = duration(input, "/killGrace", Duration.ZERO, LONGEST_GRACE, "\"0s\" to 10m");
                killGrace = given == null ? killGrace : given;
            }
            case "expiresAfter" -> {
                Duration given = duration(input, "/expiresAfter", Duration.ofMillis(1), LONGEST, "1ms to 30d");
                expiresAfter = given == null ? expiresAfter : given;
            }
            case "retry" ->
                retry = new RetryReader(
                                input,
                                errors,
                                pointer -> duration(input, pointer, Duration.ZERO, LONGEST, "\"0s\" to 30d"))
                        .read();
            case "limits" -> input.object("/limits", limit -> limit(input, limit));
            case "targets" -> new TargetsReader(input, errors).read();
            case "priority" -> priority(input);
            case "labels" -> input.object("/labels", label -> label(input, label));
            default -> input.unknown("/" + Json.pointerSegment(name));
        }
    }

    private void environmentVariable(JsonInput input, String name) {
        if (env.size() == MAXIMUM_ENVIRONMENT) {
            errors.add("/env", "has more than " + MAXIMUM_ENVIRONMENT + " variables");
        }
        // Beyond the limit one complaint is enough; the rest is only read over.
        if (env.size() >= MAXIMUM_ENVIRONMENT) {
            env.putIfAbsent(name, "");
            input.skip();
            return;
        }
        String pointer = "/env/" + Json.pointerSegment(name);
        String problem = nameProblem(name);
        if (problem != null) {
            errors.add(pointer, problem);
        }
        String value = input.string(pointer, text -> TextRules.environmentEntry(name, text));
        env.put(name, value == null ? "" : value);
    }

    private static @Nullable String nameProblem(String name) {
        if (name.isEmpty()) {
            return "is an empty name";
        }
        if (name.indexOf('=') >= 0) {
            return "has a = in its name";
        }
        if (name.startsWith(RESERVED_PREFIX)) {
            return "has a reserved name: " + RESERVED_PREFIX + "* are set by the server";
        }
        String problem = TextRules.name(name);
        return problem == null ? null : "has a name that " + problem;
    }

    private static @Nullable String directoryProblem(String path) {
        return path.startsWith("/") ? TextRules.name(path) : "must be an absolute path";
    }

    private static @Nullable String userProblem(String user) {
        return user.length() <= LONGEST_USER
                        && (NUMBERED_USER.matcher(user).matches()
                                || NAMED_USER.matcher(user).matches())
                ? null
                : "must be the name of a user, or a uid, or uid:gid, as in \"nobody\" or \"1000:1000\"";
    }

    private void standardInput(JsonInput input) {
        if (input.isString()) {
            String text = input.string("/stdin", TextRules::data);
            stdin = text == null ? Bytes.EMPTY : Bytes.of(text.getBytes(StandardCharsets.UTF_8));
            return;
        }
        if (!input.isObject()) {
            input.wrongType("/stdin", "a string, {\"text\": …} or {\"base64\": …}");
            return;
        }
        int[] forms = new int[1];
        input.object("/stdin", name -> {
            switch (name) {
                case "text" -> {
                    forms[0]++;
                    String text = input.string("/stdin/text", TextRules::data);
                    stdin = text == null ? Bytes.EMPTY : Bytes.of(text.getBytes(StandardCharsets.UTF_8));
                }
                case "base64" -> {
                    forms[0]++;
                    String text = input.string("/stdin/base64", TextRules::data);
                    stdin = text == null ? Bytes.EMPTY : decoded(text);
                }
                default -> input.unknown("/stdin/" + Json.pointerSegment(name));
            }
        });
        if (forms[0] != 1) {
            errors.add("/stdin", "must have exactly one of \"text\" and \"base64\"");
        }
    }

    private Bytes decoded(String text) {
        try {
            return Bytes.of(Base64.getDecoder().decode(text));
        } catch (IllegalArgumentException malformed) {
            errors.add("/stdin/base64", "is not base64");
            return Bytes.EMPTY;
        }
    }

    private void timeout(JsonInput input) {
        String text = input.string("/timeout", TextRules::data);
        if (text == null) {
            return;
        }
        timeout = text.equals("none")
                ? null
                : bounded("/timeout", text, Duration.ofMillis(1), LONGEST, "1ms to 30d, or \"none\"");
    }

    private @Nullable Duration duration(JsonInput input, String pointer, Duration least, Duration most, String bounds) {
        String text = input.string(pointer, TextRules::data);
        return text == null ? null : bounded(pointer, text, least, most, bounds);
    }

    private @Nullable Duration bounded(String pointer, String text, Duration least, Duration most, String bounds) {
        Optional<Duration> duration = Durations.parse(text);
        if (duration.isEmpty()) {
            errors.add(pointer, "must be a duration such as \"500ms\", \"30s\" or \"1h30m\", " + bounds);
            return null;
        }
        if (duration.get().compareTo(least) < 0 || duration.get().compareTo(most) > 0) {
            errors.add(pointer, "is out of its bounds, " + bounds);
            return null;
        }
        return duration.get();
    }

    private void limit(JsonInput input, String name) {
        switch (name) {
            case "output" -> outputLimit(input);
            case "onOutput" -> onOutput(input);
            case "memory" -> memory(input);
            case "cpu" -> cpu(input);
            case "pids" ->
                pids = count(
                        input,
                        "/limits/pids",
                        RunSpec.Resources.LEAST_PIDS,
                        bounds.most().pids());
            case "files" ->
                files = count(
                        input,
                        "/limits/files",
                        RunSpec.Resources.LEAST_FILES,
                        bounds.most().files());
            default -> input.unknown("/limits/" + Json.pointerSegment(name));
        }
    }

    private void onOutput(JsonInput input) {
        String text = input.string("/limits/onOutput", TextRules::data);
        if (text == null) {
            return;
        }
        switch (text) {
            case "truncate" -> onOutput = OnOutput.TRUNCATE;
            case "kill" -> onOutput = OnOutput.KILL;
            case "block" -> onOutput = OnOutput.BLOCK;
            default -> errors.add("/limits/onOutput", "must be \"truncate\", \"kill\" or \"block\"");
        }
    }

    private void outputLimit(JsonInput input) {
        OptionalLong size = size(input, "/limits/output");
        if (size.isEmpty()) {
            return;
        }
        if (size.getAsLong() < 1 || size.getAsLong() > bounds.output()) {
            errors.add("/limits/output", "is out of its bounds, 1 byte to " + Sizes.show(bounds.output()));
            return;
        }
        outputLimit = size.getAsLong();
    }

    private void memory(JsonInput input) {
        OptionalLong size = size(input, "/limits/memory");
        if (size.isEmpty()) {
            return;
        }
        Long most = bounds.most().memory();
        long least = RunSpec.Resources.LEAST_MEMORY;
        if (size.getAsLong() < least || (most != null && size.getAsLong() > most)) {
            errors.add(
                    "/limits/memory",
                    "is out of its bounds, " + Sizes.show(least)
                            + (most == null ? " or more" : " to " + Sizes.show(most)));
            return;
        }
        memory = size.getAsLong();
    }

    private void cpu(JsonInput input) {
        Double given = input.number("/limits/cpu");
        if (given == null) {
            return;
        }
        double most = bounds.most().cpu() == null
                ? RunSpec.Resources.MOST_CPU
                : bounds.most().cpu();
        if (!(given >= RunSpec.Resources.LEAST_CPU && given <= most)) {
            errors.add("/limits/cpu", "is out of its bounds, " + RunSpec.Resources.LEAST_CPU + " to " + most);
            return;
        }
        cpu = given;
    }

    private @Nullable Integer count(JsonInput input, String pointer, int least, @Nullable Integer bound) {
        Long given = input.wholeNumber(pointer);
        if (given == null) {
            return null;
        }
        int most = bound == null ? Integer.MAX_VALUE : bound;
        if (given < least || given > most) {
            errors.add(pointer, "is out of its bounds, " + least + " to " + most);
            return null;
        }
        return given.intValue();
    }

    private OptionalLong size(JsonInput input, String pointer) {
        if (input.isWholeNumber()) {
            Long bytes = input.wholeNumber(pointer);
            return bytes == null ? OptionalLong.empty() : OptionalLong.of(bytes);
        }
        if (!input.isString()) {
            input.wrongType(pointer, "a size such as \"64KiB\" or \"16MiB\", or a whole number of bytes");
            return OptionalLong.empty();
        }
        String text = input.string(pointer, TextRules::data);
        if (text == null) {
            return OptionalLong.empty();
        }
        OptionalLong size = Sizes.parse(text);
        if (size.isEmpty()) {
            errors.add(pointer, "must be a size such as \"64KiB\" or \"16MiB\", or a whole number of bytes");
        }
        return size;
    }

    private void priority(JsonInput input) {
        Long given = input.wholeNumber("/priority");
        if (given == null) {
            return;
        }
        if (given < -HIGHEST_PRIORITY || given > HIGHEST_PRIORITY) {
            errors.add("/priority", "is out of its bounds, -" + HIGHEST_PRIORITY + " to " + HIGHEST_PRIORITY);
            return;
        }
        priority = given.intValue();
    }

    private void label(JsonInput input, String name) {
        if (labels.size() == MAXIMUM_LABELS) {
            errors.add("/labels", "has more than " + MAXIMUM_LABELS + " labels");
        }
        if (labels.size() >= MAXIMUM_LABELS) {
            labels.putIfAbsent(name, "");
            input.skip();
            return;
        }
        String pointer = "/labels/" + Json.pointerSegment(name);
        String problem = labelNameProblem(name);
        if (problem != null) {
            errors.add(pointer, problem);
        }
        String value = input.string(pointer, RunRequestReader::labelValueProblem);
        labels.put(name, value == null ? "" : value);
    }

    private static @Nullable String labelNameProblem(String name) {
        if (name.isEmpty() || name.length() > LONGEST_LABEL_NAME) {
            return "has a name of no or more than " + LONGEST_LABEL_NAME + " characters";
        }
        if (name.indexOf('=') >= 0) {
            return "has a = in its name";
        }
        String problem = TextRules.name(name);
        return problem == null ? null : "has a name that " + problem;
    }

    private static @Nullable String labelValueProblem(String value) {
        return value.length() > LONGEST_LABEL_VALUE
                ? "has more than " + LONGEST_LABEL_VALUE + " characters"
                : TextRules.name(value);
    }

    /** Reads {@code exec}, whose fields may come in any order. */
    private static final class ExecReader {
        private final JsonInput input;
        private final RequestErrors errors;
        private boolean argvGiven;
        private boolean scriptGiven;
        private boolean scriptFieldGiven;
        private boolean complete = true;
        private List<String> argv = List.of();
        private String script = "";
        private List<String> interpreter = DEFAULT_INTERPRETER;
        private List<String> args = List.of();

        ExecReader(JsonInput input, RequestErrors errors) {
            this.input = input;
            this.errors = errors;
        }

        @Nullable
        Execution read() {
            if (!input.isObject()) {
                input.wrongType("/exec", "an object with \"argv\" or \"script\"");
                return null;
            }
            input.object("/exec", this::field);
            if (argvGiven && scriptFieldGiven) {
                errors.add("/exec", "has both \"argv\" and a field of a script; exactly one form is needed");
                return null;
            }
            if (!argvGiven && !scriptGiven) {
                errors.add("/exec", "must have \"argv\" or \"script\"");
                return null;
            }
            if (!complete) {
                return null;
            }
            return argvGiven ? new Execution.Argv(argv) : new Execution.Script(script, interpreter, args);
        }

        private void field(String name) {
            switch (name) {
                case "argv" -> {
                    argvGiven = true;
                    argv = program("/exec/argv");
                }
                case "script" -> {
                    scriptGiven = true;
                    scriptFieldGiven = true;
                    String text = input.string("/exec/script", TextRules::script);
                    complete &= text != null;
                    script = text == null ? "" : text;
                }
                case "interpreter" -> {
                    scriptFieldGiven = true;
                    interpreter = program("/exec/interpreter");
                }
                case "args" -> {
                    scriptFieldGiven = true;
                    List<String> given = input.strings("/exec/args", MAXIMUM_ARGUMENTS, TextRules::wholeArgument);
                    complete &= given != null;
                    args = given == null ? List.of() : given;
                }
                default -> input.unknown("/exec/" + Json.pointerSegment(name));
            }
        }

        private List<String> program(String pointer) {
            List<String> strings = input.strings(pointer, MAXIMUM_ARGUMENTS, TextRules::wholeArgument);
            if (strings == null) {
                complete = false;
                return List.of();
            }
            if (strings.isEmpty()) {
                errors.add(pointer, "must have at least one element");
            } else if (strings.getFirst().isEmpty()) {
                errors.add(pointer + "/0", "must not be empty: it names the program");
            }
            return strings;
        }
    }
}
