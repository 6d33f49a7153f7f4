package dev.hufu.agent;

import dev.hufu.exec.Signals;
import dev.hufu.protocol.AgentMessage;
import dev.hufu.protocol.AgentMessage.NotDone;
import dev.hufu.protocol.ProcessList;
import dev.hufu.protocol.ServerMessage;
import dev.hufu.protocol.codec.RecordCodec;
import dev.hufu.support.Threads;
import dev.hufu.support.Timers;
import java.io.IOException;
import java.util.OptionalInt;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers the server's calls, each once, on a virtual thread of its own that takes no longer than the look or the sending;
 * an answer that finds no connection any more is dropped.
 */
final class Calls {
    private static final Logger LOG = LoggerFactory.getLogger(Calls.class);

    private final AttemptRegistry registry;
    private final AgentLink link;
    private final Timers timers;

    Calls(AttemptRegistry registry, AgentLink link, Timers timers) {
        this.registry = registry;
        this.link = link;
        this.timers = timers;
    }

    void take(ServerMessage.ListProcesses call) {
        Threads.virtual("look-" + call.attempt(), () -> answer(list(call))).start();
    }

    void take(ServerMessage.SendSignal call) {
        Threads.virtual("signal-" + call.attempt(), () -> answer(signal(call))).start();
    }

    private void answer(AgentMessage message) {
        link.send(RecordCodec.cbor().encode(message));
    }

    private AgentMessage list(ServerMessage.ListProcesses call) {
        try {
            LiveProcess live = registry.live(call.attempt()).orElse(null);
            ProcessList list = live == null ? null : live.processes(timers).orElse(null);
            return list == null
                    ? new NotDone(call.attempt(), call.call(), NotDone.Why.NOT_RUNNING)
                    : new AgentMessage.ProcessesListed(call.attempt(), call.call(), list);
        } catch (IOException unreadable) {
            LOG.warn("The processes of {} cannot be told", call.attempt(), unreadable);
            return new NotDone(call.attempt(), call.call(), NotDone.Why.UNREACHABLE);
        }
    }

    private AgentMessage signal(ServerMessage.SendSignal call) {
        OptionalInt number = Signals.number(call.signal());
        try {
            LiveProcess live = registry.live(call.attempt()).orElse(null);
            boolean sent = live != null && number.isPresent() && live.signal(number.getAsInt(), call.wholeTree());
            return sent
                    ? new AgentMessage.SignalSent(call.attempt(), call.call())
                    : new NotDone(call.attempt(), call.call(), NotDone.Why.NOT_RUNNING);
        } catch (IOException unreachable) {
            LOG.warn("The process of {} cannot be sent {}", call.attempt(), call.signal(), unreachable);
            return new NotDone(call.attempt(), call.call(), NotDone.Why.UNREACHABLE);
        }
    }
}
