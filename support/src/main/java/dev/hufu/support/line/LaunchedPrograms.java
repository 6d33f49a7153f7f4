package dev.hufu.support.line;

import java.util.List;

/** What the launcher script starts beside the command line itself: said here once, for those programs and for who tells of them. */
public final class LaunchedPrograms {
    private LaunchedPrograms() {}

    /** {@code hufu server}. */
    public static VerbSpec server() {
        return VerbSpec.of("server", "start a server on this machine, with node 'local'")
                .paragraph("Prints one line, 'hufu: ready on URL', on stdout when it accepts requests, and the place of"
                        + " the token on stderr. TERM and Ctrl-C end it; commands that run go on, and the next server"
                        + " finds them again.")
                .paragraph("An option goes before the file of --config, and the file before the environment.")
                .alone()
                .option(Option.file("--config", "FILE", "a YAML file of settings, which options override"))
                .option(Option.flag("--check-config", "say what is wrong with file and options, and start nothing"))
                .option(Option.file(
                        "--data",
                        "DIR",
                        "the data directory (HUFU_DATA; else $XDG_DATA_HOME/hufu, else ~/.local/share/hufu)"))
                .option(Option.of(
                        "--store", "URL", "keep the record in PostgreSQL: postgresql://user@host:port/database"))
                .option(Option.of("--listen", "HOST:PORT", "where to listen; port 0 picks one (127.0.0.1:7433)"))
                .option(Option.of("--max-running", "N", "commands that run at once; the rest waits (1000)"))
                .option(Option.of("--queue", "N", "commands that wait at most; more are refused (100000)"))
                .option(Option.of("--drain", "D", "how long a stop waits for requests that are being answered (10s)"))
                .option(Option.file(
                        "--tls-cert", "FILE", "speak TLS with this certificate (PEM); read again when it changes"))
                .option(Option.file("--tls-key", "FILE", "its private key (PEM)"))
                .option(Option.words(
                        "--log-format",
                        "FORMAT",
                        List.of("auto", "json", "text"),
                        "auto, json or text (auto: text on a terminal, else json)"))
                .option(Option.words(
                        "--log-level",
                        "LEVEL",
                        List.of("error", "warn", "info", "debug"),
                        "error, warn, info or debug (info)"))
                .exitCode("0", "it was told to stop, and did; with --check-config, nothing is wrong")
                .exitCode("1", "it refused to start, or could not go on; the message says why")
                .exitCode("2", "the command line is wrong")
                .example("hufu server --listen 127.0.0.1:0", "start one on a free port")
                .example("hufu server --config /etc/hufu/hufu.yaml --check-config", "see whether a file is good")
                .build();
    }

    /** {@code hufu doctor}. */
    public static VerbSpec doctor() {
        return VerbSpec.of("doctor", "say what this machine offers, and what follows from what it lacks")
                .paragraph(
                        "Looks at what a server on this machine would find: whether the native launcher runs, what the"
                                + " kernel offers, which limits can be kept and how, the data directory and its disk. Asks a server only"
                                + " whether it is there (HUFU_URL), and needs none.")
                .paragraph(
                        "A finding is 'ok', 'weaker' (Hufu does without, and the line below says how), 'broken' (Hufu does"
                                + " not work without), or a 'note'.")
                .alone()
                .option(Option.file(
                        "--config",
                        "FILE",
                        "the server's file: its data directory is looked at, and how many commands it is to run"))
                .option(Option.file("--data", "DIR", "the data directory (as of 'hufu server')"))
                .option(Option.FORMAT)
                .exitCode("0", "all is there")
                .exitCode("1", "something is weaker or broken")
                .exitCode("2", "the command line is wrong")
                .example("hufu doctor", "look at this machine before a server starts on it")
                .example(
                        "hufu doctor -o json | jq '.findings[] | select(.state != \"ok\")'",
                        "what is not as it could be")
                .build();
    }

    /** {@code hufu audit}. */
    public static VerbSpec audit() {
        return VerbSpec.of("audit", "verify the audit log, or write it out")
                .synopsis("verify [--data DIR | --store FILE | --export FILE] [OPTION]...")
                .synopsis("export [--data DIR | --store FILE] [--from SEQ]")
                .paragraph(
                        "'verify' computes the chain of the log again, without a server or beside one that runs, and says"
                                + " at which entry it is broken, and how. With signed checkpoints it sees as well that an end was"
                                + " cut off, or that the whole was written anew. Those of the data directory are used unless others"
                                + " are given; take a copy that whoever has the machine could not change.")
                .paragraph("'export' writes the log to stdout, an entry a line, as JSON.")
                .operand("WHAT", 1, List.of("verify", "export"))
                .alone()
                .option(Option.file("--data", "DIR", "the data directory (as of 'hufu server')"))
                .option(Option.file("--store", "FILE", "a database file, such as a copy of a server's hufu.db"))
                .option(Option.file("--export", "FILE", "what 'export' wrote"))
                .option(Option.file("--checkpoints", "FILE", "signed checkpoints, a line each"))
                .option(Option.file("--public-key", "FILE", "the keys that may have signed them (PEM)"))
                .option(Option.of(
                        "--from",
                        "SEQ",
                        "export: the first entry to write (1); verify: the one that the export begins with"))
                .option(Option.FORMAT)
                .exitCode("0", "the log is whole; it was written")
                .exitCode("1", "it is not whole, or could not be read; the message says why")
                .exitCode("2", "the command line is wrong")
                .example("hufu audit verify", "see whether the log of this machine's server is whole")
                .example("hufu audit export --from 1001 > rest.jsonl", "write out what came after entry 1000")
                .example(
                        "hufu audit verify --export log.jsonl --checkpoints signed.jsonl --public-key hufu.pub",
                        "verify on another machine")
                .build();
    }

    /** {@code hufu bench}. */
    public static VerbSpec bench() {
        return VerbSpec.of("bench", "measure Hufu on this machine")
                .paragraph("Measures beside what plain C does on this machine in the same minutes: what counts is the"
                        + " ratio. Starts the servers that it needs, in directories of their own, and needs a C compiler"
                        + " and minutes.")
                .paragraph("WHAT is exec (the process library alone), wait (submit and wait over HTTP), submit (durable"
                        + " submits), output (a process that writes much), running (threads and memory of commands that"
                        + " run at once), queue (heap and submit rate with a long queue), restart (with many runs in the"
                        + " store), start (of the server; first output of a command), flood (a full queue), latency"
                        + " (submit to start, write to follower, cancel to proof), heap (the process library with 4 GiB of heap"
                        + " touched), or peers (the process library, and submit and"
                        + " wait, beside what others use).")
                .operand(
                        "WHAT",
                        1,
                        List.of(
                                "exec", "wait", "submit", "output", "running", "queue", "restart", "start", "flood",
                                "latency", "heap", "peers"))
                .alone()
                .option(Option.of("--rounds", "N", "pairs to measure (5)"))
                .option(Option.of("--count", "N", "what one round does: commands, requests, MiB, runs (of WHAT)"))
                .option(Option.FORMAT)
                .exitCode("0", "measured, whatever the figures")
                .exitCode("1", "it could not be measured; the message says why")
                .exitCode("2", "the command line is wrong")
                .example("hufu bench start --rounds 3", "how fast a server starts, and the first output of a command")
                .build();
    }
}
