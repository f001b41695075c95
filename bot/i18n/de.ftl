### Deutsch.

## Absagen: eine Überschrift, was nicht stimmt, was zu tun ist

empty-prompt = Ungültiger Prompt
    .problem = Der Prompt enthält keine Wörter.
    .remedy = Sag zuerst, was gezeichnet werden soll, dann die Parameter: `ein roter Fuchs --ar 3:2`.
prompt-too-long = Ungültiger Prompt
    .problem = { $what } hat { $length } Zeichen; { $most } sind das Höchste.
    .remedy = Kürze ihn.
too-long-prompt = Der Prompt
too-long-styled = Der Prompt mit seinem Stil
too-long-written = Der Prompt mit deinen ausgeschriebenen Optionen und deinem Suffix
too-long-together = Alles, wofür dieser Prompt steht,
too-long-negative = Die Liste hinter `--no`
too-many-tokens = Ungültiger Prompt
    .problem = Der Prompt hat mit seinem Stil { $tokens } Tokens (Wörter und Stücke von seltenen); das Modell liest höchstens { $most }.
    .remedy = Kürze ihn.
unknown-parameter = Ungültiger Parameter
    .problem = Den Parameter `--{ $flag }` gibt es nicht.
    .remedy = { $suggestion ->
        [none] Es gibt: { $known }.
       *[other] Meintest du `--{ $suggestion }`?
    }
invalid-parameter = Ungültiger Parameter
    .problem = `--{ $flag }` kann nicht `{ $given }` sein.
    .remedy = Möglich: { $allowed }.
missing-value = Ungültiger Parameter
    .problem = `--{ $flag }` braucht einen Wert.
    .remedy = Möglich: { $allowed }.
repeated-parameter = Ungültiger Parameter
    .problem = `--{ $flag }` steht mehr als { $most ->
        [1] einmal
       *[other] { $most }-mal
    } da.
    .remedy = { $most ->
        [1] Behalte eines davon.
       *[other] Behalte { $most } davon.
    }
misplaced-text = Ungültiger Parameter
    .problem = Nach `--{ $flag }` kommt Text, der nicht dazugehört: „{ $text }“.
    .remedy = Stell alle Wörter vor die Parameter.
too-many-open-jobs = Warteschlange voll
    .problem = Hier darfst du { $limit } wartende oder laufende Aufträge haben; jetzt sind es { $open }, und { $wanted } kämen dazu.
    .remedy = { $fits ->
        [yes] Warte, bis einer fertig ist, oder brich einen ab.
       *[no] Gib höchstens { $limit } auf einmal in Auftrag.
    }
job-not-found = Kein solcher Auftrag
    .problem = Der Auftrag hinter diesem Knopf steht nicht in der Datenbank.
    .remedy = Fang mit `/imagine` einen neuen an.
job-not-ready = Noch nicht fertig
    .problem = Dieser Auftrag hat keine Bilder.
    .remedy = Versuch es noch einmal, wenn er fertig ist.
job-already-ended = Nichts abzubrechen
    .problem = Dieser Auftrag ist schon zu Ende.
    .remedy = Es gibt nichts mehr anzuhalten.
not-your-job = Nicht dein Auftrag
    .problem = Nur wer ihn gegeben hat, kann einen Auftrag abbrechen.
    .remedy = Frag die Person, oder jemanden, der hier Nachrichten verwalten darf.
not-permitted = Nicht erlaubt
    .problem = Diese Einstellungen gehören dem Server, und du darfst ihn nicht verwalten.
    .remedy = Frag jemanden mit dem Recht „Server verwalten“.
not-a-member = Nur für Mitglieder
    .problem = Du bist kein Mitglied mehr auf dem Server, von dem das hier kommt.
    .remedy = Tritt ihm wieder bei, oder zeichne, wo du Mitglied bist.
direct-messages-off = Nicht in Direktnachrichten
    .problem = In Direktnachrichten nehme ich weder Befehle noch Buttons an.
    .remedy = Benutz mich auf einem Server, auf dem ich Mitglied bin.
user-installs-off = Nicht hier
    .problem = Ich arbeite nur auf Servern, auf denen ich Mitglied bin.
    .remedy = Benutz mich dort, oder bitte die Verwaltung dieses Servers, mich hinzuzufügen.
cannot-post-here = Kein Platz für ein Bild
    .problem = In diesem Kanal fehlt mir das Recht „{ $permission }“, also wäre kein Bild zu sehen.
    .remedy = Nimm einen anderen Kanal, oder bitte die Serverleitung um das Recht.
too-many-generations = Zu lange Ahnenreihe
    .problem = Dieses Bild ist die Variation einer Variation, { $most }-mal; mehr geht nicht.
    .remedy = Fang mit seinem Prompt und `/imagine` von vorn an.
no-model = Das Modell ist noch nicht da
    .problem = Die Inferenz hat noch nicht gesagt, mit welchem Modell sie zeichnet.
    .remedy = Versuch es in einer Minute wieder; hält es an, sag es der Person, die diesen Bot betreibt.
database-away = Die Datenbank ist nicht da
    .problem = Die Datenbank antwortet nicht, also lässt sich nichts merken oder nachsehen.
    .remedy = Versuch es in einer Minute wieder.
unexpected = Das ging schief
    .problem = Das war unser Fehler, nicht deiner, und er ist aufgeschrieben.
    .remedy = Versuch es noch einmal; geschieht es wieder, sag es der Serverleitung.

## Parameter

parameter-aspect = Die Form des Bildes, Breite zu Höhe; die Fläche bleibt die des Modells.
    .allowed = zwei ganze Zahlen von 1:{ $widest } bis { $widest }:1, etwa 3:2 oder 139:100
    .default = 1:1
parameter-chaos = Wie weit die Bilder eines Rasters auseinanderliegen: der Anteil ihres Rauschens, der nicht gemeinsam ist.
    .allowed = eine ganze Zahl von { $low } bis { $high }
    .default = 0
parameter-negative = Was nicht im Bild sein soll: die Guidance führt davon weg.
    .allowed = ein oder mehrere Dinge, durch Kommas getrennt
    .default = nichts
parameter-quality = Wie viele Schritte gemacht werden: so oft die eigene Zahl des Modells.
    .allowed = .25, .5, 1, 2 oder 4
    .default = 1
parameter-repeat = Wie viele Aufträge aus diesem Prompt werden, jeder mit eigenem Seed.
    .allowed = eine ganze Zahl von { $low } bis { $high }
    .default = einmal
parameter-seed = Woher das Rauschen kommt. Gleicher Prompt, gleiche Parameter und gleicher Seed geben gleiche Bilder.
    .allowed = eine ganze Zahl von { $low } bis { $high }
    .default = zufällig
parameter-sameseed = Ein Seed, aus dem alle Bilder des Rasters fast ihr ganzes Rauschen haben, sodass sie sich gleichen.
    .allowed = eine ganze Zahl von { $low } bis { $high }
    .default = zufällig
parameter-stop = Nach wie viel Prozent der Schritte Schluss ist, für ein früheres, weicheres Bild.
    .allowed = eine ganze Zahl von { $low } bis { $high }
    .default = 100
parameter-stylize = Wie sehr das Bild gestaltet wird: stärkere Guidance, und ein Zug zu dem, was das Modell schön findet.
    .allowed = eine ganze Zahl von { $low } bis { $high }
    .default = 100
parameter-style = Einer der Stile des Modells, oder `raw` für keinen.
    .allowed = der Name eines Stils
    .allowed-names = { $names }
    .default = der des Servers
parameter-raw = Kein Stil und kein Zug zum Schönen: die Wörter allein.
    .allowed = nichts
    .default = aus
parameter-weird = Wie weit es von dem weggeht, was das Modell für diese Wörter gewöhnlich zeichnet.
    .allowed = eine ganze Zahl von { $low } bis { $high }
    .default = 0
parameter-tile = Ein Bild, dessen gegenüberliegende Ränder aneinanderpassen, für Muster.
    .allowed = nichts
    .default = aus
parameter-image_weight = Wie viel von den Bildern bleibt, mit denen der Prompt beginnt: 0 für nichts.
    .allowed = eine Zahl von { $low } bis { $high }
    .default = 1
parameter-version = Welches Modell zeichnet.
    .allowed = der Name eines Modells
    .default = das erste
parameter-niji = Das Modell, das niji heißt.
    .allowed = nichts, oder eine Zahl, die zum Namen gehört
    .default = aus
parameter-draft = Halb so viele Schritte auf halber Fläche: ein schneller Blick.
    .allowed = nichts
    .default = aus
parameter-fast = Doppelt so oft dran wie gemächliche Aufträge, halb so oft wie solche mit Turbo.
    .allowed = nichts
    .default = wie in deinen Einstellungen
parameter-relax = Halb so oft dran wie schnelle Aufträge.
    .allowed = nichts
    .default = wie in deinen Einstellungen
parameter-turbo = Doppelt so oft dran wie schnelle Aufträge.
    .allowed = nichts
    .default = wie in deinen Einstellungen
parameter-stealth = Nur für dich zu sehen.
    .allowed = nichts
    .default = wie in deinen Einstellungen
parameter-public = Für alle im Kanal zu sehen.
    .allowed = nichts
    .default = wie in deinen Einstellungen
parameter-steps = Tritt an die Stelle der Schrittzahl des Modells.
    .allowed = eine ganze Zahl von { $low } bis { $high }
    .default = die des Modells
parameter-guidance = Die Guidance selbst, was immer `--stylize` über sie sagt.
    .allowed = eine Zahl von { $low } bis { $high }
    .default = nach `--stylize`
parameter-sampler = Wie es von einem Rauschpegel zum nächsten geht.
    .allowed = { $names }
    .default = der des Modells
parameter-size = Breite und Höhe in Pixeln.
    .allowed = zwei ganze Zahlen, etwa 512x768
    .allowed-sides = Vielfache von { $multiple } von { $low } bis { $high }, etwa { $native }x{ $native }
    .default = die des Modells
parameter-loras = Ein Zusatz niedrigen Rangs zum Modell, mit Namen, und wie stark er dazukommt; es können mehrere sein.
    .allowed = ein Name, oder ein Name und ein Gewicht von { $low } bis { $high }, etwa ink:0.8
    .allowed-names = { $names }
    .default = keiner
parameter-pictures = Wie viele Bilder gezeichnet werden.
    .allowed = eine ganze Zahl von { $low } bis { $high }
    .default = 4

## Das Leben eines Auftrags

status-waiting = (Wartet auf den Anfang)
status-waiting-for-inference = (Wartet: die Inferenz ist weg oder beschäftigt; es geht von selbst weiter)
status-stopped = (Angehalten)
status-failed = (Gescheitert)
deed-vary = Variationen { $detail ->
        [subtle] (Subtle)
       *[strong] (Strong)
    } von Bild { $number } von { $who }
deed-reroll = Neu gewürfelt von { $who }
deed-upscale = Bild { $number } von { $who }
deed-enlarge = { $detail ->
        [creative] Vergrößert (Creative) von { $who }
       *[subtle] Vergrößert (Subtle) von { $who }
    }
deed-region = Teilweise variiert von { $who }
deed-zoom = Herausgezoomt von { $who }
deed-pan = Nach { $detail ->
        [left] links
        [right] rechts
        [up] oben
       *[down] unten
    } weitergezeichnet von { $who }
deed-square = Quadratisch gemacht von { $who }
from-picture = aus [diesem Bild]({ $link })
from-grid = aus [diesem Raster]({ $link })
moved = Die Nachricht, die hierauf wartete, ist für mich nicht mehr zu erreichen, deshalb steht es hier neu.
job-failed = Der Auftrag ist gescheitert
    .unknown = Der Grund ist nicht bekannt.
    .our-mistake = Auf unserer Seite ging etwas schief; Näheres steht im Log.
    .no-place = In dem Kanal, aus dem er kam, darf ich nicht schreiben.
    .taken-away = Das Bild, aus dem es werden sollte, hat die Moderation weggenommen.
    .not-kept = Die Bilder ließen sich nicht aufbewahren: { $reason }
    .not-a-member = Wer den Auftrag gegeben hat, ist kein Mitglied dieses Servers mehr.
    .broke-off = Die Inferenz brach { $times }-mal mitten in diesem Auftrag ab.
not-showable = Das Bild lässt sich nicht zeigen
    .taken-away = Die Moderation hat es weggenommen.
button-cancel = Abbrechen

## Prompts

conflicting-parameters = Ungültiger Parameter
    .problem = `--{ $flag }` und `--{ $other }` bestimmen dasselbe.
    .remedy = Behalte eines davon.
mistyped-parameter = Ungültiger Parameter
    .problem = `{ $written }` würde nicht als Parameter gelesen.
    .remedy = Schreib `{ $meant }`: zwei Bindestriche, davor ein Leerzeichen, danach ein Leerzeichen und kein anderes Zeichen.
misplaced-link = Ungültiger Link
    .problem = Mitten im Prompt steht ein Link: { $link }
    .remedy = Stell Links zu Bildern an den Anfang, dann die Wörter.
too-many-links = Ungültiger Link
    .problem = Es sind zu viele Bilder, von denen ausgegangen werden soll.
    .remedy = Höchstens { $most }.
too-many-pictures = Zu viele Bilder
    .problem = Zusammen gehen diese Prompts von { $pictures } verschiedenen Bildern aus.
    .remedy = Höchstens { $most }; gib die übrigen danach in Auftrag.
invalid-link = Ungültiger Link
    .problem = { $link } ist nicht zu gebrauchen: { $reason }.
    .remedy = Schick das Bild selbst, oder den Link zu einem öffentlichen.
link-scheme = es wird nur einfachen https-Links gefolgt
link-address = er führt zu keiner öffentlichen Adresse
link-redirects = er führt von einem Ort zum nächsten
link-unreachable = dort ist kein Bild
link-type = dort ist kein PNG, JPEG, WebP oder GIF
link-large = dort sind mehr als 20 MB
link-pixels = dort sind mehr als 50 Millionen Pixel
link-slow = es dauert zu lange
invalid-upload = Bild nicht zu gebrauchen
    .problem = Die Datei `{ $name }` ist nicht zu gebrauchen: { $reason }.
    .remedy = Häng ein PNG, JPEG, WebP oder GIF mit höchstens 20 MB und 50 Millionen Pixeln an.
upload-unreachable = Discord gibt sie nicht mehr heraus
upload-type = sie ist kein PNG, JPEG, WebP oder GIF, oder sie ist kaputt
upload-large = sie hat mehr als 20 MB
upload-pixels = sie hat mehr als 50 Millionen Pixel
upload-slow = es dauert zu lange, sie zu lesen
upload-scheme = Discord gibt sie nicht mehr heraus
upload-address = Discord gibt sie nicht mehr heraus
upload-redirects = Discord gibt sie nicht mehr heraus
pictures-busy = Zu viele Bilder
    .problem = Deine anderen Bilder, oder die von vielen anderen, werden noch gelesen.
    .remedy = Versuch es in einer Minute noch einmal.
empty-part = Ungültiger Prompt
    .problem = Ein Teil vor oder nach `::` enthält keine Wörter.
    .remedy = Schreib, worum es geht: `hot:: dog::2`.
too-many-parts = Ungültiger Prompt
    .problem = Der Prompt hat { $parts } Teile; { $most } sind das Höchste.
    .remedy = Lass einige `::` weg.
weights-cancel = Ungültiger Prompt
    .problem = Die Gewichte der Teile ergeben zusammen { $total }; da bleibt nichts zu zeichnen.
    .remedy = Zusammen müssen sie deutlich mehr als 0 ergeben.
unknown-version = Ungültiger Parameter
    .problem = Ein Modell namens `{ $version }` gibt es nicht.
    .remedy = Es gibt: { $known }.
model-cannot = Ungültiger Parameter
    .problem = Das Modell `{ $version }` kann { $what }.
    .remedy = { $able ->
        [none] Hier kann es keines: lass das weg.
       *[other] Diese können es: { $able }.
    }
unbalanced-braces = Ungültiger Prompt
    .problem = Eine geschweifte Klammer im Prompt hat kein Gegenstück.
    .remedy = Schreib `{"{"}rot, grün{"}"}` für eine Auswahl, und `\{"{"}` oder `\{"}"}` für die Klammer selbst.
too-many-permutations = Zu viele Aufträge
    .problem = Die Auswahl in geschweiften Klammern und `--repeat` machten aus diesem Prompt mehr als { $most } Aufträge.
    .remedy = Lass etwas weg; { $most } sind hier das Höchste.
confirmation-expired = Nichts zu bestätigen
    .problem = Das ist schon beantwortet, es ist mehr als einen Tag her, oder neuere Fragen sind an seine Stelle getreten.
    .remedy = Schick den Prompt noch einmal.
confirmation = { $jobs } Aufträge starten?
    .text = { $prompts ->
        [1] Ein Prompt, { $jobs }-mal gezeichnet, mit verschiedenen Seeds:
       *[other] Der Prompt steht für { $prompts } Prompts:
    }
    .more = … und { $count } mehr
    .yes = Ja, starten
    .no = Nein
    .started = { $jobs } Aufträge gestartet
    .declined = Nicht gestartet
cannot-tile = keine nahtlosen Bilder zeichnen (`--tile`)
cannot-edit = nicht von einem Bild ausgehen
cannot-lora = nicht durch eine LoRA verändert werden (`--lora`)

## Was aus einem Bild wird

mode-fast = schnell
mode-relax = gemächlich
mode-turbo = turbo
mode-stealth = heimlich
seed = Seed { $seed }
deed-vary-single = Variationen { $detail ->
        [subtle] (Subtle)
       *[strong] (Strong)
    } von { $who }
button-web = Web
button-vary-subtle = Variieren (Subtle)
button-vary-strong = Variieren (Strong)
button-region = Variieren (Region)
button-upscale-subtle = Vergrößern (Subtle)
button-upscale-creative = Vergrößern (Creative)
button-redo-subtle = Noch einmal (Subtle)
button-redo-creative = Noch einmal (Creative)
button-zoom = Herauszoomen { $factor }
button-zoom-custom = Eigener Zoom
button-square = Quadratisch machen
liked = Gehört jetzt zu deinen Lieblingsbildern.
    .not-any-more = Gehört nicht mehr zu deinen Lieblingsbildern.
dialog-remix = Remix
dialog-zoom = Herauszoomen
dialog-region = Den Ausschnitt verändern
dialog-prompt = Prompt
dialog-factor = Wie oft, von 1,1 bis 2
region-question = Welche Felder sollen neu gezeichnet werden?
region-cells = Wähle ein Feld oder mehrere
region-cell = Feld { $number }
region-raster = { $raster } × { $raster } Felder
not-your-buttons = Nicht dein Auftrag
    .problem = Auf diesem Server darf nur, wer einen Auftrag gegeben hat, seine Knöpfe benutzen.
    .remedy = Gib mit `/imagine` einen eigenen Auftrag.
not-in-its-server = Nicht hier
    .problem = Unter den Höhepunkten wird ein Bild nur auf seinem eigenen Server gezeigt.
    .remedy = Reagiere dort mit ⭐ auf seine Nachricht.
too-fast = Zu schnell
    .problem = Du drückst und tippst schneller, als ich folgen kann; das letzte habe ich ausgelassen.
    .remedy = { $seconds ->
        [1] Drück in 1 Sekunde noch einmal.
       *[other] Drück in { $seconds } Sekunden noch einmal.
    }
shown-already = { $state ->
    [done] Dieses Bild ist schon zu sehen: { $link }
   *[unfinished] { $link ->
        [none] Dieses Bild entsteht gerade.
       *[other] Dieses Bild entsteht gerade: { $link }
    }
}
model-cannot-do-this = Nicht mit diesem Modell
    .problem = Das Modell, das dieses Bild gezeichnet hat, kann das nicht oder ist nicht mehr da.
    .remedy = Drücke einen der anderen Knöpfe oder bitte mit `/imagine` um ein neues Bild.
invalid-factor = Ungültiger Zoom
    .problem = `{ $given }`-mal herauszoomen kann ich nicht.
    .remedy = Möglich ist eine Zahl von 1,1 bis 2, etwa 1,5.
no-room-to-grow = So weit es geht
    .problem = Das Bild ist auf dieser Seite so groß, wie das Modell zeichnen kann.
    .remedy = Versuche eine andere Seite, oder zoome heraus.
picture-lost = Das Bild ist verloren
    .problem = Die Datei dieses Bildes liegt nicht mehr auf der Platte.
    .remedy = Drücke noch einmal U unter seinem Raster: das zeichnet es neu.
picture-taken-away = Das Bild ist weggenommen
    .problem = Die Moderation hat dieses Bild mitsamt seiner Datei weggenommen.
    .remedy = Gib mit `/imagine` ein neues in Auftrag.
cannot-keep = Das Bild kann nicht aufbewahrt werden
    .problem = { $reason }
    .remedy = Sag es der Person, die diesen Bot betreibt.
no-cells-chosen = Nichts gewählt
    .problem = Es wurden keine Felder gewählt, die neu gezeichnet werden sollen.
    .remedy = Wähle mindestens eines.
