package dev.hufu.cli.page;

/** The colours of states. Pure. */
final class Colours {
    private Colours() {}

    /** The text in its colour, where it is the name of a state. */
    static String ofState(String text) {
        int colour = switch (text) {
            case "SUCCEEDED", "ONLINE" -> 32;
            case "FAILED", "TIMED_OUT", "LOST", "EXPIRED", "OFFLINE" -> 31;
            case "CANCELLED", "DRAINING" -> 33;
            case "PENDING", "DISPATCHED", "RUNNING", "RETRYING" -> 36;
            default -> 0;
        };
        return colour == 0 ? text : "\033[" + colour + "m" + text + "\033[0m";
    }
}
