package dev.hufu.cli;

import dev.hufu.cli.line.Arguments;
import dev.hufu.cli.line.Option;
import dev.hufu.cli.line.VerbSpec;

/** Told here, done elsewhere: the launcher script starts the server from a class path of its own. */
final class ServerVerb implements Verb {
    @Override
    public VerbSpec spec() {
        return VerbSpec.of("server", "start a server on this machine, with node 'local'")
                .paragraph("Prints one line, 'hufu: ready on URL', on stdout when it accepts requests, and the place of"
                        + " the token on stderr. TERM and Ctrl-C end it; commands that run go on, and the next server"
                        + " finds them again.")
                .option(Option.file(
                        "--data",
                        "DIR",
                        "the data directory (HUFU_DATA; else $XDG_DATA_HOME/hufu, else ~/.local/share/hufu)"))
                .option(Option.of("--listen", "HOST:PORT", "where to listen; port 0 picks one (127.0.0.1:7433)"))
                .option(Option.file("--config", "FILE", "a file of settings, which options override"))
                .option(Option.of("--max-running", "N", "commands that run at once; the rest waits (1000)"))
                .option(Option.of("--queue", "N", "commands that wait at most; more are refused (100000)"))
                .option(Option.of("--drain", "D", "how long a stop waits for attached clients (10s)"))
                .option(Option.file("--tls-cert", "FILE", "serve https with this certificate (PEM)"))
                .option(Option.file("--tls-key", "FILE", "its private key (PEM)"))
                .exitCode("0", "it was told to stop, and did")
                .exitCode("1", "it refused to start, or could not go on; the message says why")
                .exitCode("2", "the command line is wrong")
                .example("hufu server --listen 127.0.0.1:0", "start one on a free port")
                .build();
    }

    @Override
    public int carryOut(Session session, Arguments arguments) {
        throw new Complaints.CannotException("'server' comes first on the command line: hufu server …");
    }
}
