package dev.hufu.server.auditor;

import dev.hufu.server.audit.ChainCheck;
import dev.hufu.server.audit.Checkpoint;
import dev.hufu.server.audit.CheckpointKey;
import dev.hufu.server.audit.ExportLine;
import dev.hufu.server.audit.HashChain;
import dev.hufu.server.config.InvalidConfigException;
import dev.hufu.server.config.ServerConfig;
import dev.hufu.server.maintenance.Checkpoints;
import dev.hufu.server.store.sqlite.AuditFile;
import dev.hufu.support.line.Arguments;
import dev.hufu.support.line.HelpPage;
import dev.hufu.support.line.LaunchedPrograms;
import dev.hufu.support.line.Option;
import dev.hufu.support.line.UsageException;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** {@code hufu audit}: reads the audit log of a store or an export, says whether it is whole or writes it out, and exits. */
public final class Main {
    private static final int EXIT_NOT_WHOLE = 1;
    private static final int EXIT_USAGE = 2;
    private static final int PAGE_WIDTH = 80;
    private static final int BUFFER = 1 << 16;
    private static final String STORE_FILE = "hufu.db";

    private Main() {}

    /** Reads once and exits. */
    public static void main(String[] words) {
        PrintStream output = new PrintStream(
                new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), BUFFER),
                false,
                StandardCharsets.UTF_8);
        int exit = run(List.of(words), output, System.err, System.getenv());
        output.flush();
        System.exit(exit);
    }

    static int run(List<String> words, PrintStream output, PrintStream errors, Map<String, String> environment) {
        Arguments arguments;
        try {
            arguments = Arguments.read(LaunchedPrograms.audit(), List.of(Option.HELP), words);
            if (!arguments.has("--help")) {
                check(arguments);
            }
        } catch (UsageException wrong) {
            errors.println("hufu: " + wrong.getMessage());
            errors.println("hufu: try 'hufu audit --help'");
            return EXIT_USAGE;
        }
        if (arguments.has("--help")) {
            output.println(HelpPage.of(LaunchedPrograms.audit(), List.of(Option.HELP), PAGE_WIDTH, false));
            return 0;
        }
        try {
            return arguments.operands().getFirst().equals("verify")
                    ? verify(arguments, output, environment)
                    : export(arguments, output, environment);
        } catch (InvalidConfigException invalid) {
            invalid.problems().forEach(problem -> errors.println("hufu: " + problem));
            return EXIT_USAGE;
        } catch (NoSuchFileException missing) {
            errors.println("hufu: " + missing.getFile() + " is not there");
            return EXIT_NOT_WHOLE;
        } catch (IOException failed) {
            errors.println("hufu: " + failed.getMessage());
            return EXIT_NOT_WHOLE;
        }
    }

    private static void check(Arguments arguments) {
        String what = arguments.operands().getFirst();
        if (!what.equals("verify") && !what.equals("export")) {
            throw new UsageException("'" + what + "' is none of verify, export");
        }
        List<String> sources = List.of("--data", "--store", "--export");
        if (sources.stream().filter(arguments::has).count() > 1) {
            throw new UsageException("only one of --data, --store and --export can be read");
        }
        if (what.equals("export")) {
            for (String option : List.of("--export", "--checkpoints", "--public-key", Option.FORMAT.name())) {
                if (arguments.has(option)) {
                    throw new UsageException(option + " is for verify");
                }
            }
        } else if (arguments.has("--from") && !arguments.has("--export")) {
            throw new UsageException("verify has --from together with --export only");
        }
        if (arguments.has("--checkpoints") != arguments.has("--public-key")) {
            throw new UsageException("--checkpoints and --public-key go together");
        }
        String format = arguments.value(Option.FORMAT.name()).orElse("table");
        if (!format.equals("table") && !format.equals("json")) {
            throw new UsageException("--output is table or json");
        }
        from(arguments);
    }

    private static Optional<Long> from(Arguments arguments) {
        return arguments.value("--from").map(text -> {
            if (!text.matches("[1-9][0-9]{0,17}")) {
                throw new UsageException("--from is the sequence of an entry, from 1");
            }
            return Long.valueOf(text);
        });
    }

    private static Path data(Arguments arguments, Map<String, String> environment) {
        return ServerConfig.of(
                        new ServerConfig.Options(
                                null,
                                arguments.value("--data").orElse(null),
                                null,
                                null,
                                null,
                                null,
                                null,
                                null,
                                null,
                                null,
                                null),
                        environment)
                .data();
    }

    private static Path store(Arguments arguments, Map<String, String> environment) {
        return arguments
                .value("--store")
                .map(Path::of)
                .orElseGet(() -> data(arguments, environment).resolve(STORE_FILE));
    }

    private static int verify(Arguments arguments, PrintStream output, Map<String, String> environment)
            throws IOException {
        Evidence evidence = evidence(arguments, environment);
        List<Checkpoint> checkpoints = evidence == null ? List.of() : evidence.signed();
        String source;
        ChainCheck.Findings findings;
        if (arguments.has("--export")) {
            Path file = Path.of(arguments.value("--export").orElseThrow());
            source = file.toString();
            findings = Export.check(file, from(arguments).orElse(null), checkpoints);
        } else {
            Path file = store(arguments, environment);
            source = file.toString();
            try (AuditFile log = AuditFile.open(file)) {
                ChainCheck check = new ChainCheck(log.beginning(), checkpoints);
                log.read(1, check::add);
                findings = check.findings();
            }
        }
        Verdict verdict = new Verdict(
                source,
                findings,
                evidence == null ? null : evidence.source(),
                checkpoints.size(),
                evidence == null ? List.of() : evidence.problems());
        boolean json = arguments.value(Option.FORMAT.name()).orElse("table").equals("json");
        output.print(json ? verdict.json() + "\n" : verdict.text());
        return verdict.whole() ? 0 : EXIT_NOT_WHOLE;
    }

    /** Those that were given, else those beside the store, where there are any. */
    private static @Nullable Evidence evidence(Arguments arguments, Map<String, String> environment)
            throws IOException {
        if (arguments.has("--checkpoints")) {
            return Evidence.read(
                    Path.of(arguments.value("--checkpoints").orElseThrow()),
                    Path.of(arguments.value("--public-key").orElseThrow()));
        }
        if (arguments.has("--store") || arguments.has("--export")) {
            return null;
        }
        Path data = data(arguments, environment);
        Path file = data.resolve(Checkpoints.FILE);
        Path key = data.resolve(CheckpointKey.PUBLIC_FILE);
        return Files.exists(file) && Files.exists(key) ? Evidence.read(file, key) : null;
    }

    private static int export(Arguments arguments, PrintStream output, Map<String, String> environment)
            throws IOException {
        try (AuditFile log = AuditFile.open(store(arguments, environment))) {
            log.read(from(arguments).orElse(1L), link -> write(output, link));
        }
        if (output.checkError()) {
            throw new IOException("the export could not be written");
        }
        return 0;
    }

    private static void write(PrintStream output, HashChain.Link link) {
        byte[] line = ExportLine.write(link);
        output.write(line, 0, line.length);
        output.write('\n');
    }
}
