package dev.hufu.server.units;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class SizesTest {
    @ParameterizedTest
    @CsvSource({"64KiB,65536", "16MiB,16777216", "1GiB,1073741824", "1025KiB,1049600", "100B,100", "1025B,1025", "0B,0"
    })
    void reads(String text, long expected) {
        assertThat(Sizes.parse(text)).hasValue(expected);
        assertThat(Sizes.show(expected)).isEqualTo(text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "64",
                "KiB",
                "64kib",
                "64KB",
                "64K",
                "-1B",
                "1.5MiB",
                "64 KiB",
                "9999999999999999999GiB",
                "99999999999GiB"
            })
    void refusesWhatIsNoSizeOrDoesNotFit(String text) {
        assertThat(Sizes.parse(text)).isEmpty();
    }
}
