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
too-long-negative = Die Liste hinter `--no`
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
    .problem = `--{ $flag }` steht mehr als einmal da.
    .remedy = Behalte eines davon.
misplaced-text = Ungültiger Parameter
    .problem = Nach `--{ $flag }` kommt Text, der nicht dazugehört: „{ $text }“.
    .remedy = Stell alle Wörter vor die Parameter.
too-many-open-jobs = Warteschlange voll
    .problem = Auf diesem Server darfst du { $limit } wartende oder laufende Aufträge haben; jetzt sind es { $open }, und { $wanted } kämen dazu.
    .remedy = { $fits ->
        [yes] Warte, bis einer fertig ist, oder brich einen ab.
       *[no] Nimm ein kleineres `--repeat`, höchstens { $limit }.
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
parameter-seed = Woher das Rauschen kommt. Gleicher Prompt, gleiche Parameter und gleicher Seed geben gleiche Bilder.
    .allowed = eine ganze Zahl von { $low } bis { $high }
    .default = zufällig
parameter-negative = Was nicht im Bild sein soll: der negative Zweig der Guidance.
    .allowed = ein oder mehrere Dinge, durch Kommas getrennt
    .default = nichts
parameter-stylize = Wie stark der Prompt getrieben wird: die Guidance, von der halben des Modells bei 0 bis zur doppelten bei 1000.
    .allowed = eine ganze Zahl von { $low } bis { $high }
    .default = 100
parameter-chaos = Wie weit die Bilder eines Rasters auseinanderliegen: der Anteil ihres Rauschens, der nicht gemeinsam ist.
    .allowed = eine ganze Zahl von { $low } bis { $high }
    .default = 0
parameter-quality = Wie viele Schritte gemacht werden: so oft die eigene Zahl des Modells.
    .allowed = .25, .5, 1, 2 oder 4
    .default = 1
parameter-stop = Nach wie viel Prozent der Schritte Schluss ist, für ein früheres, weicheres Bild.
    .allowed = eine ganze Zahl von { $low } bis { $high }
    .default = 100
parameter-style = Einer der Stile des Modells, oder `raw` für keinen.
    .allowed = der Name eines Stils
    .allowed-names = { $names }
    .default = der des Servers
parameter-repeat = Wie viele Aufträge aus diesem Prompt werden, jeder mit eigenem Seed.
    .allowed = eine ganze Zahl von { $low } bis { $high }
    .default = einmal

## Das Leben eines Auftrags

status-waiting = (Wartet auf den Anfang)
status-waiting-for-inference = (Wartet: die Inferenz ist weg oder beschäftigt; es geht von selbst weiter)
status-stopped = (Angehalten)
status-failed = (Gescheitert)
deed-vary = Variationen von Bild { $number } von { $who }
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
moved = Die Nachricht, die hierauf wartete, ist weg, deshalb steht es hier neu.
job-failed = Der Auftrag ist gescheitert
    .unknown = Der Grund ist nicht bekannt.
    .our-mistake = Auf unserer Seite ging etwas schief; Näheres steht im Log.
    .no-place = In dem Kanal, aus dem er kam, darf ich nicht schreiben.
    .not-kept = Die Bilder ließen sich nicht aufbewahren: { $reason }
    .broke-off = Die Inferenz brach { $times }-mal mitten in diesem Auftrag ab.
not-showable = Das Bild lässt sich nicht zeigen
button-cancel = Abbrechen
button-vary = Variieren

## Einstellungen eines Servers

settings = Einstellungen dieses Servers
    .saved = Einstellungen gespeichert
    .text = Sie gelten ab jetzt für jedes `/imagine`, das nichts anderes sagt.
    .aspect = Seitenverhältnis
    .style = Stil
    .no-style = keiner
    .stylize = Stylize
    .jobs = Aufträge gleichzeitig
    .jobs-value = { $limit } je Mitglied

## /info

info = Deine Aufträge
    .running = Laufende Aufträge
    .queued = Wartende Aufträge
    .at-a-time = Gleichzeitig
    .at-a-time-value = { $open } von { $limit }
    .lifetime = Insgesamt
    .lifetime-value = { $pictures } Bilder in { $done } Aufträgen; { $cancelled } abgebrochen, { $failed } gescheitert
    .none = keine
    .more = und { $count } weitere
