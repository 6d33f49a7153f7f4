package dev.hufu.cli.terminal;

import static java.lang.invoke.MethodType.methodType;

import java.lang.invoke.LambdaMetafactory;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.util.List;
import java.util.function.Consumer;

/**
 * The signals of this process, by {@code sun.misc.Signal}: a shutdown hook never hears of the second. It is reached by
 * method handles because javac warns at its name and cannot be told not to, and not by a proxy because that takes 50 ms
 * more.
 */
public final class ProcessSignals implements StopSignals {
    private static final List<String> NAMES = List.of("INT", "TERM", "HUP");

    @Override
    public void listen(Runnable action) {
        MethodHandles.Lookup lookup = MethodHandles.lookup();
        Consumer<Object> received = _ -> action.run();
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object listener = LambdaMetafactory.metafactory(
                            lookup,
                            "handle",
                            methodType(handler, Consumer.class),
                            methodType(void.class, signal),
                            lookup.findVirtual(Consumer.class, "accept", methodType(void.class, Object.class)),
                            methodType(void.class, signal))
                    .getTarget()
                    .invoke(received);
            MethodHandle create = lookup.findConstructor(signal, methodType(void.class, String.class));
            MethodHandle handle = lookup.findStatic(signal, "handle", methodType(handler, signal, handler));
            for (String name : NAMES) {
                // What was ignored at the start, as HUP by nohup, the JVM leaves so.
                handle.invoke(create.invoke(name), listener);
            }
        } catch (Throwable failure) {
            throw new IllegalStateException("this Java runtime gives no access to signals", failure);
        }
    }
}
