package dev.hufu.server.http;

import java.io.Serial;

/** The answer cannot be finished: nobody is there any more, or a part is sent and the rest cannot be had. */
final class BrokenAnswerException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    BrokenAnswerException(Throwable cause) {
        super("an answer cannot be finished", cause);
    }
}
