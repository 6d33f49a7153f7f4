package dev.hufu.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class SignalNameTest {
    @ParameterizedTest
    @CsvSource({
        "QUIT,SIGQUIT",
        "quit,SIGQUIT",
        "sigQuit,SIGQUIT",
        "SIGQUIT,SIGQUIT",
        "3,SIGQUIT",
        "9,SIGKILL",
        "31,SIGSYS",
        "rtmin+30,SIGRTMIN+30",
        "RTMIN,SIGRTMIN"
    })
    void whatPeopleTypeIsUnderstood(String typed, String word) {
        assertThat(SignalName.typed(typed)).map(SignalName::word).contains(word);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "0", "32", "-9", "SIGSIGQUIT", "NOSUCH", "SIGRTMIN+0", "SIGRTMIN+31", "RTMIN+", "QUIT "})
    void whatIsNoSignalIsNot(String typed) {
        assertThat(SignalName.typed(typed)).isEmpty();
    }

    @Test
    void programsHaveToSayItExactly() {
        assertThat(SignalName.of("SIGQUIT")).isPresent();
        assertThat(SignalName.of("QUIT")).isEmpty();
        assertThat(SignalName.of("sigquit")).isEmpty();
        assertThat(SignalName.of("3")).isEmpty();
        assertThatThrownBy(() -> new SignalName("QUIT")).isInstanceOf(IllegalArgumentException.class);
    }
}
