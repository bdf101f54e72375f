import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.StringJoiner;
import org.elasticsearch.grok.Grok;
import org.elasticsearch.grok.GrokBuiltinPatterns;

/**
 * Elasticsearch's grok over lines, for grok.py, which says what goes in and out.
 */
public class GrokLines {
    public static void main(String[] arguments) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        String expression = decoded(in.readLine());
        Map<String, String> definitions = new HashMap<>();
        for (String name = in.readLine(); !name.isEmpty(); name = in.readLine()) {
            definitions.put(decoded(name), decoded(in.readLine()));
        }
        Grok grok = new Grok(GrokBuiltinPatterns.get(true).extendWith(definitions), expression, said -> {});
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            Map<String, Object> found = grok.captures(decoded(line));
            if (found == null) {
                System.out.println("none");
                continue;
            }
            StringJoiner fields = new StringJoiner(" ", "found ", "");
            found.forEach((name, value) -> fields.add(
                name + " " + (value instanceof Number ? "number " : "text ") + encoded(value.toString())
            ));
            System.out.println(fields);
        }
    }

    private static String decoded(String base64) {
        return new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
    }

    private static String encoded(String text) {
        // Never empty, so that it is a word.
        return "=" + Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }
}
