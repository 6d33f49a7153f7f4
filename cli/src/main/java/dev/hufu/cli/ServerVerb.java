package dev.hufu.cli;

import picocli.CommandLine.Command;

/** In the list of verbs only: the launcher script starts the server from a class path of its own. */
@Command(name = "server", description = "start a server on this machine, with node 'local'")
final class ServerVerb implements Runnable {
    @Override
    public void run() {
        throw new Complaints.CannotException("'server' comes first on the command line: hufu server …");
    }
}
