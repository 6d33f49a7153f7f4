package dev.hufu.bench.peers;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Where running a command goes wrong, each as a question that a peer answers by what it does. */
public enum Trap {
    SIGNAL_TOLD_FROM_CODE("killed by SIGKILL told from `exit 137`") {
        @Override
        public boolean avoidedBy(Peer peer) throws Exception {
            return !shell(peer, LONG, "kill -9 $$")
                    .end()
                    .equals(shell(peer, LONG, "exit 137").end());
        }
    },
    TIMEOUT_KILLS_CHILDREN("after a timeout its children are gone") {
        @Override
        public boolean avoidedBy(Peer peer) throws Exception {
            return nothingLeft(peer, "sleep %s & sleep %<s");
        }
    },
    TIMEOUT_KILLS_DAEMONS("after a timeout its daemons are gone (setsid, double fork)") {
        @Override
        public boolean avoidedBy(Peer peer) throws Exception {
            return nothingLeft(peer, "(setsid sh -c 'sleep %s > /dev/null 2>&1 &') ; sleep %<s");
        }
    },
    END_DESPITE_HELD_PIPE("its end is told though a daemon keeps its output open") {
        @Override
        public boolean avoidedBy(Peer peer) throws Exception {
            try (Marked daemon = new Marked(600)) {
                return end(peer, LONG, "sleep " + daemon.seconds() + " & exit 3", daemon)
                        .equals("exit 3");
            }
        }
    },
    OUTPUT_BEFORE_KILL("output before a timeout is kept") {
        @Override
        public boolean avoidedBy(Peer peer) throws Exception {
            try (Marked sleeper = new Marked(600)) {
                Peer.Ran ran = shell(peer, SHORT, "echo before; exec sleep " + sleeper.seconds());
                return ran.end().equals("timeout")
                        && new String(ran.stdout(), StandardCharsets.UTF_8).equals("before\n");
            }
        }
    },
    OUTPUT_IN_BOUNDED_MEMORY("output of 64 MiB is kept within bounds") {
        @Override
        public boolean avoidedBy(Peer peer) throws Exception {
            return shell(peer, LONG, "head -c 67108864 /dev/zero").kept() <= 32 << 20;
        }
    },
    INPUT_NOT_READ("input that is not read is no error") {
        @Override
        public boolean avoidedBy(Peer peer) throws Exception {
            try {
                return peer.run(new Peer.Order(Arrays.asList("/bin/true"), new byte[1 << 20], LONG))
                        .end()
                        .equals("exit 0");
            } catch (java.io.IOException broken) {
                return false;
            }
        }
    },
    CLEAN_SIGNALS("no signal is ignored or blocked") {
        @Override
        public boolean avoidedBy(Peer peer) throws Exception {
            String status = new String(
                    shell(peer, LONG, "exec grep -E 'Sig(Blk|Ign)' /proc/self/status")
                            .stdout(),
                    StandardCharsets.UTF_8);
            // Of the 31 that programs know; the C library has two of its own beyond.
            return status.lines().count() == 2
                    && status.lines()
                            .map(line -> line.substring(line.indexOf('\t') + 1))
                            .allMatch(mask -> (Long.parseUnsignedLong(mask, 16) & 0x7fff_ffff) == 0);
        }
    },
    NO_THREAD_EACH("100 running commands need no 100 threads") {
        @Override
        public boolean avoidedBy(Peer peer) throws Exception {
            return peer.threadsWhileRunning(100) < 50;
        }
    };

    private static final Duration LONG = Duration.ofSeconds(60);
    private static final Duration SHORT = Duration.ofMillis(500);
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final String text;

    Trap(String text) {
        this.text = text;
    }

    /** As a table says it. */
    public String text() {
        return text;
    }

    /** Whether this peer gets it right. */
    public abstract boolean avoidedBy(Peer peer) throws Exception;

    private static Peer.Ran shell(Peer peer, Duration timeout, String script) throws Exception {
        return peer.run(Peer.Order.of(timeout, "/bin/sh", "-c", script));
    }

    /** Whether the script's sleepers are gone when the peer says that the command has been stopped. */
    private static boolean nothingLeft(Peer peer, String script) throws Exception {
        try (Marked sleepers = new Marked(600)) {
            return end(peer, SHORT, script.formatted(sleepers.seconds()), sleepers)
                            .equals("timeout")
                    && sleepers.alive() == 0;
        }
    }

    /** The end that is told while the sleepers live, or empty: they are killed if nothing is told within seconds. */
    private static String end(Peer peer, Duration timeout, String script, Marked sleepers) throws Exception {
        try (ExecutorService caller = Executors.newSingleThreadExecutor()) {
            Future<Peer.Ran> ran = caller.submit(() -> shell(peer, timeout, script));
            try {
                return ran.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS).end();
            } catch (TimeoutException waiting) {
                sleepers.kill();
                ran.get();
                return "";
            }
        }
    }
}
