package dev.hufu.protocol;

/**
 * One try of a task. The number is the fencing token: whoever names an older one is not listened to.
 *
 * @param number from 1
 */
public record AttemptId(TaskId task, int number) {
    public AttemptId {
        if (number < 1) {
            throw new IllegalArgumentException("attempts count from 1");
        }
    }

    @Override
    public String toString() {
        return task + "#" + number;
    }
}
