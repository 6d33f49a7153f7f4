package dev.hufu.server.store.sql;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A statement whose numbered parameters became parameters in a row. Its text has no question mark but theirs. */
final class NumberedParameters {
    private static final Pattern PARAMETER = Pattern.compile("\\?([1-9][0-9]?)");

    private static final int[] NOWHERE = {};

    private final String sql;
    private final int[][] places;

    private NumberedParameters(String sql, int[][] places) {
        this.sql = sql;
        this.places = places;
    }

    static boolean in(String sql) {
        return PARAMETER.matcher(sql).find();
    }

    static NumberedParameters of(String sql) {
        List<List<Integer>> places = new ArrayList<>();
        Matcher matcher = PARAMETER.matcher(sql);
        int place = 0;
        while (matcher.find()) {
            int number = Integer.parseInt(matcher.group(1));
            while (places.size() <= number) {
                places.add(new ArrayList<>());
            }
            places.get(number).add(++place);
        }
        return new NumberedParameters(
                matcher.replaceAll("?"),
                places.stream()
                        .map(each -> each.stream().mapToInt(Integer::intValue).toArray())
                        .toArray(int[][]::new));
    }

    String sql() {
        return sql;
    }

    /** Where the one with this number stands; nowhere where it is not used. */
    int[] places(int number) {
        return number < places.length ? places[number] : NOWHERE;
    }
}
