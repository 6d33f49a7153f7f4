package dev.hufu.exec.internal.confine;

import dev.hufu.exec.StopCause;
import java.util.List;

/**
 * The control groups one attempt is put into.
 *
 * @param settings written in this order once the groups are made
 * @param events where to see that a limit was hit
 */
public record GroupPlan(Names names, List<Setting> settings, List<Event> events) {
    public static final GroupPlan NONE = new GroupPlan(Names.NONE, List.of(), List.of());

    public GroupPlan {
        settings = List.copyOf(settings);
        events = List.copyOf(events);
    }

    /**
     * What is enough to find, kill and remove them.
     *
     * @param version of control groups, 0 where there are none
     * @param directories the first is the one to kill by
     */
    public record Names(int version, List<String> directories) {
        public static final Names NONE = new Names(0, List.of());

        public Names {
            directories = List.copyOf(directories);
        }
    }

    /**
     * @param needed whether the launch fails where it cannot be written
     */
    public record Setting(boolean needed, String file, String value) {}

    /** The limit was hit once the number behind that key is more than 0. */
    public record Event(StopCause cause, String file, String key) {}
}
