package dev.hufu.exec;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class ErrnoTest {
    @Test
    void numbersHaveNamesAndTexts() {
        assertThat(Errno.name(2)).isEqualTo("ENOENT");
        assertThat(Errno.text(2)).isEqualTo("No such file or directory");
        assertThat(Errno.name(7)).isEqualTo("E2BIG");
        assertThat(Errno.text(7)).isEqualTo("Argument list too long");
        assertThat(Errno.name(26)).isEqualTo("ETXTBSY");
        assertThat(Errno.name(36)).isEqualTo("ENAMETOOLONG");
        assertThat(Errno.name(40)).isEqualTo("ELOOP");
        assertThat(Errno.name(71)).isEqualTo("EPROTO");
        assertThat(Errno.text(71)).isEqualTo("Protocol error");
        assertThat(Errno.name(133)).isEqualTo("EHWPOISON");
    }

    @Test
    void numbersOfNothingAreSaidAsTheyAre() {
        assertThat(Errno.name(0)).isEqualTo("errno 0");
        assertThat(Errno.name(4_711)).isEqualTo("errno 4711");
        assertThat(Errno.text(4_711)).isEqualTo("Unknown error 4711");
    }

    @Test
    void signalsHaveNames() {
        assertThat(Signals.name(9)).isEqualTo("SIGKILL");
        assertThat(Signals.name(31)).isEqualTo("SIGSYS");
        assertThat(Signals.name(34)).isEqualTo("SIGRTMIN");
        assertThat(Signals.name(64)).isEqualTo("SIGRTMIN+30");
        assertThat(Signals.name(0)).isEqualTo("signal 0");
        assertThat(Signals.name(32)).isEqualTo("signal 32");
        for (int number = 1; number <= Signals.LAST; number++) {
            if (number != 32 && number != 33) {
                assertThat(Signals.number(Signals.name(number))).hasValue(number);
            }
        }
        assertThat(Signals.number("SIGTERM")).hasValue(15);
        assertThat(Signals.number("TERM")).isEmpty();
        assertThat(Signals.number("signal 32")).isEmpty();
        assertThat(Signals.number("SIG")).isEmpty();
    }
}
