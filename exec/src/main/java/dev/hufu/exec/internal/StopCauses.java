package dev.hufu.exec.internal;

import dev.hufu.exec.StopCause;
import java.util.List;

/** The numbers the protocol has for causes of a stop. A lost supervisor is not among them: none is left to say it. */
final class StopCauses {
    private static final List<StopCause> BY_NUMBER = List.of(
            StopCause.NONE,
            StopCause.DEADLINE,
            StopCause.REQUESTED,
            StopCause.OUTPUT,
            StopCause.MEMORY,
            StopCause.PIDS);

    private StopCauses() {}

    static StopCause of(int number) throws MalformedException {
        if (number < 0 || number >= BY_NUMBER.size()) {
            throw new MalformedException("bad stop cause " + number);
        }
        return BY_NUMBER.get(number);
    }

    static int number(StopCause cause) {
        int number = BY_NUMBER.indexOf(cause);
        if (number < 0) {
            throw new IllegalArgumentException("no cause a supervisor knows: " + cause);
        }
        return number;
    }
}
