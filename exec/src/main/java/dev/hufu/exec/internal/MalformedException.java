package dev.hufu.exec.internal;

import java.io.IOException;

/** Bytes that are not what PROTOCOL.md says. */
final class MalformedException extends IOException {
    MalformedException(String what) {
        super(what);
    }
}
