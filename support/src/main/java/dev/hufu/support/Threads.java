package dev.hufu.support;

import java.util.concurrent.ThreadFactory;

/** The only place where threads are made. All are named; none keeps the process alive. */
public final class Threads {
    private Threads() {}

    /** A virtual thread, not started: for a connection, a task, a wait. */
    public static Thread virtual(String name, Runnable action) {
        return Thread.ofVirtual().name(name).unstarted(action);
    }

    /** A daemon platform thread, not started: for native calls, which would pin a carrier. */
    public static Thread platform(String name, Runnable action) {
        return Thread.ofPlatform().name(name).daemon().unstarted(action);
    }

    public static ThreadFactory virtualFactory(String prefix) {
        return Thread.ofVirtual().name(prefix, 0).factory();
    }

    public static ThreadFactory platformFactory(String prefix) {
        return Thread.ofPlatform().name(prefix, 0).daemon().factory();
    }
}
